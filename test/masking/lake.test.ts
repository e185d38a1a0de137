import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { orcOf } from "../../fixtures/orc-file.ts";
import { databaseOf, replaced } from "../../fixtures/sqlite-file.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { createWorld, type World } from "../helpers/world.ts";

const SECRET = "mary.major@example.org";
const csv = `id,email,note\n1,${SECRET},hello\n2,paulo.santos@example.org,bye\n`;
const jsonl = `{"email":"${SECRET}","n":1}\n{"email":"x@y.zz","n":2}\n`;
const rule = { match: ["email", "**.email"], with: "token", domain: "person" };

/** A lake with files that have secrets, sampled under a configuration. */
async function lakeWith(config: (world: World) => object): Promise<World> {
  const world = await createWorld();
  await writeKey(world, 1);
  await world.configure(config(world));
  await world.put("people.csv", csv);
  await world.put("people.jsonl", jsonl);
  await world.put("notes.txt", `call ${SECRET}\n`);
  await world.put("broken.json", `{"email": "${SECRET}", ${SECRET}}`);
  await world.put("people.parquet", `no parquet, but ${SECRET}`);
  return world;
}

async function writeKey(world: World, byte: number): Promise<string> {
  const path = join(world.root, `key-${byte}`);
  await writeFile(path, Buffer.alloc(32, byte));
  await chmod(path, 0o400);
  return path;
}

function maskedBy(world: World, rest: object = {}, key = 1): object {
  return { mask: { key: join(world.root, `key-${key}`), columns: [rule], ...rest } };
}

/** All bytes below the prefix but those of production. */
async function told(world: World): Promise<string> {
  const parts = [world.path("samples"), world.state];
  const seen = await Promise.all(parts.map((part) => world.snapshot(part)));
  return seen.flatMap((files) => [...files.values()].map(({ text }) => text)).join("\n");
}

test("samples of a masked dataset are in their formats, with tokens in the place of values", async () => {
  await using world = await lakeWith(maskedBy);
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ sampled: 2, described: 2, failed: 1 });
  const sample = String(await world.sample("people_sample.csv"));
  const isMasked = /^id,email,note\n1,([A-Z2-7]{16}),hello\n2,[A-Z2-7]{16},bye\n$/;
  expect(sample).toMatch(isMasked);
  const [, token] = isMasked.exec(sample) as RegExpExecArray;
  // One value, one token: also in another format.
  expect(String(await world.sample("people_sample.jsonl"))).toContain(`{"email":"${token}","n":1}`);
  expect(world.row("raw/notes.txt")?.reason).toMatch(/^MASK_IMPOSSIBLE: /);
  expect(world.row("raw/broken.json")?.reason).toMatch(/^MASK_IMPOSSIBLE: /);
  const text = await told(world);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain("paulo");
});

test("samples made before there was a mask are removed before anything else, and made again", async () => {
  await using world = await lakeWith(() => ({}));
  await world.pass();
  expect(String(await world.sample("people_sample.csv"))).toBe(csv);
  // What a crash could leave: a sample that nothing records, and a temporary file.
  await world.write("samples/orphan_sample.csv", csv);
  await world.write("samples/.ss-0123456789abcdef.tmp", csv);
  await world.configure(maskedBy(world));
  const seen: string[][] = [];
  const run = async () => {
    seen.push((await world.samples()).filter((name) => !name.startsWith("_")));
    return { outcome: "aborted" } as const;
  };
  const { events } = await world.pass({ run });
  expect(seen.length).toBeGreaterThan(0);
  expect(seen[0]).toEqual([]);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "unmade", unmade: { files: 6, due: 4 } }),
  );
  world.close();
  expect((await world.pass()).summary).toMatchObject({ sampled: 2, described: 2 });
  expect(String(await world.sample("people_sample.csv"))).not.toContain(SECRET);
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, failed: 0 });
});

test.each([
  ["rules", 2, (world: World) => maskedBy(world, { others: "redact" })],
  ["key", 2, (world: World) => maskedBy(world, {}, 2)],
  ["none", 0, () => ({})],
])("other %s: samples are removed and made again; back again, too", async (_, described, other) => {
  await using world = await lakeWith(maskedBy);
  await writeKey(world, 2);
  await world.pass();
  const before = await world.sample("people_sample.jsonl");
  await world.configure(other(world));
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ sampled: 4 - described, described });
  expect(await world.sample("people_sample.jsonl")).not.toEqual(before);
  await world.configure(maskedBy(world));
  expect((await world.pass()).summary).toMatchObject({ sampled: 2, described: 2 });
  expect(await world.sample("people_sample.jsonl")).toEqual(before);
});

test("a cache that was lost keeps samples that were made under the mask", async () => {
  await using world = await lakeWith(maskedBy);
  await world.pass();
  await world.configure({ ...maskedBy(world), state: join(world.root, "elsewhere") });
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, unchanged: 4 });
  expect(await world.samples()).toContain("people_sample.csv");
  await world.configure({ ...maskedBy(world, { text: "keep" }), state: join(world.root, "third") });
  expect((await world.pass()).summary).toMatchObject({ sampled: 2, described: 2 });
});

test("without its key nothing is sampled", async () => {
  await using world = await lakeWith(maskedBy);
  const ran = async () => world.run(["run", "--once"]);
  await chmod(join(world.root, "key-1"), 0o440);
  expect(await ran()).toMatchObject({ code: 78, stderr: expect.stringContaining("chmod 0400") });
  await chmod(join(world.root, "key-1"), 0o600);
  await writeFile(join(world.root, "key-1"), "short");
  await chmod(join(world.root, "key-1"), 0o400);
  expect(await ran()).toMatchObject({ code: 78, stderr: expect.stringContaining("5 bytes") });
  expect(await world.samples()).toEqual([]);
});

test("names of files are tokens where they are to be hidden, and listings are closed", async () => {
  await using world = await lakeWith(() => ({}));
  await world.pass();
  await world.configure(maskedBy(world, { names: "redact" }));
  await world.put("a/people of mary.csv.gz", gzipSync(csv));
  await world.put("mary.tar", tarOf([{ name: "mary.txt", data: "hello" }]));
  await world.put("mary.zip", zipOf([{ name: "mary.csv", data: csv }]));
  await world.put("in.zip.gz", gzipSync(zipOf([{ name: "mary.csv", data: csv }])));
  await world.pass();
  const samples = (await world.samples()).filter((name) => !name.startsWith("_"));
  expect(samples).toHaveLength(8);
  for (const name of samples)
    expect(name).toMatch(/^[A-Z2-7]{16}_sample\.(csv|csv\.gz|jsonl|meta\.json)$/);
  const texts = await Promise.all(samples.map((name) => world.sample(name)));
  expect(texts.join("\n")).not.toContain("mary");
  expect(world.row("raw/mary.tar")?.reason).toContain("names of files");
  expect(world.row("raw/mary.zip")?.reason).toContain("names of files");
  expect(world.row("raw/in.zip.gz")?.reason).toContain("names of files");
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, failed: 0 });
});

test("members of a tar are masked as those of a zip, and not shown where names are to be hidden", async () => {
  await using world = await lakeWith(() => ({}));
  await world.pass();
  const members = { sample: { tar: "members" } };
  await world.configure({ ...maskedBy(world), ...members });
  const tar = tarOf([{ name: "people.csv", data: csv }]);
  await world.put("in.tar", tar);
  await world.put("in.tgz", gzipSync(tar));
  await world.pass();
  const sample = (await world.sample("in_sample.tar")).toString("latin1");
  expect(sample).toContain("people.csv");
  for (const line of csv.split("\n").slice(1, -1)) expect(sample).not.toContain(line);
  await world.configure({ ...maskedBy(world, { names: "redact" }), ...members });
  await world.pass();
  for (const raw of ["raw/in.tar", "raw/in.tgz"])
    expect(world.row(raw)?.reason).toContain("names of files");
});

test("contract and validate tell no more of a file of a masked dataset than its sample does", async () => {
  await using world = await lakeWith(maskedBy);
  const contract = join(world.root, "contract.json");
  await writeFile(contract, JSON.stringify({ fields: [{ name: "id" }], fieldsMatch: "equal" }));
  await world.write("bronze/headless.csv", `${SECRET},1\nx@y.zz,2\n`);
  await world.write("bronze/keys.jsonl", `{"id":1,"${SECRET}":2}\n`);
  await symlink(world.path("bronze/headless.csv"), join(world.root, "link.csv"));
  const link = join(world.root, "link.csv");
  for (const path of [link, world.path("bronze/keys.jsonl")]) {
    const skeleton = await world.run(["contract", path]);
    expect(skeleton.stdout + skeleton.stderr).not.toContain(SECRET);
    const verdict = await world.run(["validate", path, "--contract", contract, "--json"]);
    expect(verdict.stdout + verdict.stderr).not.toContain(SECRET);
    expect(verdict.stdout).toContain(path);
  }
  const known = await world.run(["contract", world.path("bronze/people.csv")]);
  expect(known.stdout).toContain("name: email");
});

test("a file outside of the lake is masked as the bronze that it is, by whatever link", async () => {
  await using world = await createWorld();
  await writeKey(world, 1);
  const outside = join(world.root, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "people.csv"), csv);
  await symlink(outside, join(world.root, "link"));
  await world.configure({ ...maskedBy(world), allowedRoots: [outside] });
  await world.announce("people.csv", { bronze: join(outside, "people.csv") });
  expect((await world.pass()).summary).toMatchObject({ sampled: 1 });
  world.close();
  for (const directory of [outside, join(world.root, "link")]) {
    const { stdout } = await world.run(["preview", join(directory, "people.csv")]);
    expect(stdout).toMatch(/^id,email,note\n1,[A-Z2-7]{16},hello\n/);
  }
});

test("an ORC file is only described", async () => {
  await using world = await createWorld();
  await writeKey(world, 1);
  await world.configure(maskedBy(world));
  const columns = { email: { kind: "string" } } as const;
  await world.put("people.orc", orcOf({ columns, row: () => ({ email: SECRET }), stripes: [2] }));
  await world.pass();
  expect(world.row("raw/people.orc")?.reason).toMatch(/^MASK_IMPOSSIBLE: /);
  expect(await told(world)).not.toContain(SECRET);
});

test("a database is described without a word of it", async () => {
  await using world = await createWorld();
  await writeKey(world, 1);
  await world.configure(maskedBy(world));
  const sql = `CREATE TABLE "${SECRET}" (email DEFAULT '${SECRET}');
    INSERT INTO "${SECRET}" VALUES ('${SECRET}')`;
  await world.put("people.sqlite", databaseOf(sql));
  await world.put("people.db", replaced(databaseOf(sql), "format 3", "format 4"));
  await world.pass();
  expect(world.row("raw/people.sqlite")?.reason).toMatch(/^MASK_IMPOSSIBLE: /);
  expect(await told(world)).not.toContain(SECRET);
});
