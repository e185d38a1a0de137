import { chmod, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import avsc from "avsc";
import { expect, test } from "vitest";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { readView } from "../../src/view/view.ts";
import { ask } from "../helpers/ask.ts";
import { createWorld, MTIME, type World } from "../helpers/world.ts";

/** Copies of each kind of file. */
const COPIES = 3;
/** Kills, and the commands that each file is named to: all with `npm run secrets`. */
const KILLS = Number(process.env["MASK_KILLS"] ?? 1);
const EACH = Number(process.env["MASK_EACH"] ?? 20);

/** The values that nothing may tell. */
const people = Array.from({ length: 12 }, (_, i) => ({
  id: i,
  email: `secret${i}.person@hidden-domain-${i}.example`,
  phone: `+49-555-01${String(i).padStart(2, "0")}-77${i}1`,
  city: i % 2 === 0 ? "Berlin" : "Paris",
}));
const secrets = people.flatMap(({ email, phone }) => [email, email.split("@")[0] as string, phone]);

const csv = [
  "id,email,phone,city",
  ...people.map(({ id, email, phone, city }) => `${id},${email},"${phone}",${city}`),
].join("\n");
const jsonl = people.map((one) => JSON.stringify(one)).join("\n");
const first = people[0] as (typeof people)[number];

const files: Readonly<Record<string, string | Uint8Array>> = {
  "a.csv": csv,
  "a.tsv": csv.replaceAll(",", "\t"),
  "a.csv.gz": gzipSync(csv),
  "a.csv.zst": zstdCompressSync(csv),
  "a.jsonl": jsonl,
  "a.jsonl.gz": gzipSync(jsonl),
  "a.json": JSON.stringify({ people, of: { email: first.email } }),
  "list.json": JSON.stringify(people.map(({ email }) => email)),
  "broken.json": `{"email": "${first.email}", ${first.email}}`,
  "odd.jsonl": `${jsonl}\n{"email": ${first.email}}\n`,
  "a.txt": csv,
  "a.log": jsonl,
  "leaking.csv": `${csv.replace("Berlin", first.email)}\n`,
  "ragged.csv": `${csv}\n1,2\n${first.email},x\n`,
  "headless.csv": csv.slice(csv.indexOf("\n") + 1),
  "quotes.csv": `${csv}\n1,"${first.email},x\n`,
  "escapes.csv": `${csv}\n1,"a\\"${first.email}","x",y\n`,
  "wide.csv": Buffer.from(`\ufeff${csv}`, "utf16le"),
  "above.csv": `# of ${first.email}\n${csv}`,
  "long.csv": `${csv.replace("Berlin", `${"word ".repeat(20)} ${first.email}`)}`,
  "a.xml": `<people><email>${first.email}</email></people>`,
  "a.html": `<p>${first.email}</p>`,
  "a.bin": Buffer.concat([Buffer.from([0, 1, 2, 3]), Buffer.from(first.email)]),
  README: `ask ${first.email}`,
  "a.zip": zipOf([
    { name: "in.csv", data: csv },
    { name: "in.txt", data: csv },
    { name: "in.json", data: `{"email": "${first.email}", ${first.email}}` },
  ]),
  "fake.zip": `PK\x03\x04${first.email}`,
  "fake.parquet": `PAR1${first.email}PAR1`,
  "fake.avro": `Obj\x01${first.email}`,
  "fake.gz": Buffer.concat([gzipSync(csv).subarray(0, 60), Buffer.from(first.email)]),
  "a.tar": tarOf([{ name: "in.txt", data: csv }]),
  "a.tar.gz": gzipSync(tarOf([{ name: "in.txt", data: csv }])),
  "empty.csv": "",
};

async function parquetFiles(world: World): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await writeFile(join(world.root, "people.jsonl"), jsonl);
  const from = `read_json('${join(world.root, "people.jsonl")}')`;
  for (const codec of ["snappy", "zstd", "uncompressed"])
    await connection.run(
      `COPY (SELECT *, [email] AS emails FROM ${from})
       TO '${world.path(`bronze/${codec}.parquet`)}' (FORMAT parquet, CODEC '${codec}')`,
    );
  connection.closeSync();
  instance.closeSync();
}

async function avroFiles(world: World): Promise<void> {
  const type = avsc.Type.forValue(first);
  for (const codec of ["null", "deflate"]) {
    const options = { codec, metadata: { owner: Buffer.from(first.email) } };
    const encoder = avsc.createFileEncoder(world.path(`bronze/${codec}.avro`), type, options);
    for (const one of people) encoder.write(one);
    await new Promise((resolve) => encoder.end(resolve));
  }
}

test("no secret of a masked lake is told anywhere, with kills in the middle", async () => {
  await using world = await createWorld();
  const key = join(world.root, "mask.key");
  await writeFile(key, Buffer.alloc(32, 3));
  await chmod(key, 0o400);
  const socket = join(world.root, "page.sock");
  const columns = [
    { match: ["email", "**.email", "emails"], with: "token" },
    { match: ["phone", "**.phone"], with: "shape" },
  ];
  await world.configure({
    mask: { key, columns },
    http: { listen: socket },
    log: { level: "debug" },
    drain: { threads: 2 },
  });
  await parquetFiles(world);
  await avroFiles(world);
  const told: string[] = [];
  const made = await readdir(world.path("bronze"));
  for (const [name, bytes] of Object.entries(files)) await world.write(`bronze/${name}`, bytes);
  const names = [...Object.keys(files), ...made];
  const announceAll = async (mtime: number) => {
    for (let copy = 0; copy < COPIES; copy += 1)
      for (const name of names)
        await world.announce(name, { raw: `raw/${copy}/${name}`, bronze: `bronze/${name}`, mtime });
  };

  await announceAll(MTIME);
  for (let kill = 0; kill < KILLS; kill += 1) {
    // All of them again, or there would soon be nothing left to be killed at.
    await announceAll(MTIME + kill);
    const daemon = await world.daemon();
    await daemon.logged("sampled");
    daemon.kill("SIGKILL");
    await daemon.exited();
    told.push(JSON.stringify(daemon.lines), daemon.stderr());
    // As they are after the kill: temporary files too.
    told.push(await below(world, world.path("samples")));
  }
  const daemon = await world.daemon();
  await daemon.logged("page, health and metrics are served");
  await daemon.logged("pass");
  for (const name of names) {
    const query = new URLSearchParams({ dataset: "acme/orders/v1", raw: `raw/0/${name}` });
    for (const path of [`/entry?${query}`, `/sample?${query}`])
      told.push((await ask(`unix:${socket}`, { method: "GET", path })).text);
  }
  for (const path of [
    "/",
    "/failures",
    "/search?q=1",
    "/metrics",
    "/healthz",
    "/datasets/acme/orders/v1",
  ])
    told.push((await ask(`unix:${socket}`, { method: "GET", path })).text);
  await daemon.end();
  told.push(JSON.stringify(daemon.lines), daemon.stderr());

  const named = names.filter((_, i) => i % EACH === 0);
  const commands: string[][] = [
    ["status", "--json"],
    ["list", "--json"],
    ["failures", "--json"],
    ["audit", "--json"],
    ["check", "--json"],
    ["prune", "--dry-run", "--json"],
    ["run", "--once", "--json"],
    ["search", "1", "--index", "--json"],
    ["columns", "--json"],
    ["scan", "--min-age", "0", "--json"],
    ...named.flatMap((name) => [
      ["explain", `raw/0/${name}`, "--json"],
      ["show", `raw/0/${name}`, "--json"],
      ["show", world.path(`bronze/${name}`), "--json"],
      ["preview", world.path(`bronze/${name}`), "--json"],
    ]),
  ];
  for (const args of commands) {
    const ran = await world.run(args);
    told.push(ran.stdout, ran.stderr);
  }
  told.push(await below(world, world.path("samples")), await below(world, world.state));
  const all = told.join("\n");
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
  const sampled = world
    .rows()
    .filter(({ outcome, reason }) => outcome === "sampled" && reason === null);
  console.log(
    JSON.stringify({
      searched: all.length,
      texts: told.length,
      secrets: secrets.length,
      inFormat: sampled.length,
    }),
  );
  expect(sampled.length).toBeGreaterThan(0);
}, 600_000);

/** All files below a directory: as they are, and samples as they are shown, decoded and unpacked. */
async function below(world: World, directory: string): Promise<string> {
  const seen = await world.snapshot(directory);
  const all = [...seen].map(async ([name, { text }]) => {
    const isSample = /_sample\.[\w.]+$/.test(name);
    const view = isSample ? await readView(join(directory, name), { rows: 1000 }) : "";
    return `${name}\n${text}\n${JSON.stringify(view)}`;
  });
  return (await Promise.all(all)).join("\n");
}
