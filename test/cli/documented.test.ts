import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as streamText } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { startObjectServer } from "../helpers/object-server.ts";
import { objectOf, startObjects } from "../helpers/range-server.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startTwoRegions } from "../regions/two-regions.ts";
import { startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { createWorld, MTIME, rows, run, type World } from "../helpers/world.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/cli.md"), "utf8");
const NEVER = "0 0 29 2 *";
/** Reads its entries from stdin. */
const APPEND = [
  process.execPath,
  join(root, "src/main.ts"),
  ..."append --stdin --json --dataset acme/orders/v1".split(" "),
];
/** A dataset whose samples are masked. */
const MASKED = "acme/masked/v1";

/** Heading → what stands below it. */
function sections(level: string): Map<string, string> {
  const [, ...parts] = page.split(new RegExp(`^${level} `, "m"));
  return new Map(
    parts.map((part) => {
      const [heading = ""] = part.split("\n", 1);
      const [body = ""] = part.slice(heading.length).split(/^##+ /m);
      return [heading, body];
    }),
  );
}

/** Cells of the rows of the tables in a text, without the heads. */
function rowsOf(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const cells = lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.filter(([first = ""]) => first.startsWith("`"));
}

function ticked(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
}

async function outputOf(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const all = streamText(out);
  err.resume();
  const streams = { out, err } as unknown as { out: NodeJS.WriteStream; err: NodeJS.WriteStream };
  await runProgram(args, { ...streams, env, exitNow: () => undefined });
  out.end();
  return all;
}

const jsonHeading = "JSON documents";
const commands = [...sections("##").keys()].filter((heading) => heading !== jsonHeading);

/** The names of all commands; those of a group follow its name. */
async function commandNames(...group: readonly string[]): Promise<string[]> {
  const help = await outputOf([...group, "--help"]);
  const named = (pattern: RegExp) => [...help.matchAll(pattern)].map(([, name]) => name as string);
  const names = named(/^ {2}([a-z-]+) [[<]/gm).filter((name) => name !== "help");
  const groups = named(/^ {2}([a-z-]+) {2,}/gm);
  const inner = await Promise.all(groups.map((name) => commandNames(...group, name)));
  return [...names.map((name) => [...group, name].join(" ")), ...inner.flat()];
}

test("docs/cli.md has a section for every command, in which every option stands", async () => {
  expect(commands.toSorted()).toEqual((await commandNames()).toSorted());
  const common = new Set(["--config", "--prefix", "--help"]);
  for (const [command, body] of sections("##")) {
    if (command === jsonHeading) continue;
    const found = [
      ...(await outputOf([...command.split(" "), "--help"])).matchAll(
        /^ {2}(?:-\w, )?(--[\w-]+)/gm,
      ),
    ];
    const options = found.map(([, name]) => name as string).filter((name) => !common.has(name));
    const written = rowsOf(body).map(([option = ""]) => /--[\w-]+/.exec(option)?.[0]);
    expect(written.toSorted(), command).toEqual(options.toSorted());
    expect(body, command).toContain("$ ");
    expect(/^JSON: /m.test(body), command).toBe(options.includes("--json"));
  }
});

interface Field {
  readonly type: string;
  readonly mayMiss: boolean;
}

/** Name of a document → its fields. */
function documents(): Map<string, Map<string, Field>> {
  const found = new Map<string, Map<string, Field>>();
  for (const [heading, body] of sections("###")) {
    const [, base] = /^\s*All of \[([^\]]+)\]/.exec(body) ?? [];
    const fields = new Map(base === undefined ? [] : found.get(base));
    for (const [names = "", type = "", , missing = ""] of rowsOf(body)) {
      for (const name of ticked(names)) fields.set(name, { type, mayMiss: missing !== "" });
    }
    found.set(heading, fields);
  }
  return found;
}

const known = documents();
const used = new Map([...known].map(([name]) => [name, new Set<string>()]));

/** Faults of a value that is documented as this type. */
function faults(value: unknown, type: string, at: string): string[] {
  const [, element] = /^list of (.*)$/.exec(type) ?? [];
  if (element !== undefined) {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((each, i) => faults(each, element, `${at}[${i}]`));
  }
  const choices = type.split(" or ").map((choice) => faultsOf(value, choice, at));
  return choices.find((found) => found.length === 0) ?? choices.flat();
}

function faultsOf(value: unknown, type: string, at: string): string[] {
  const [, document] = /^\[([^\]]+)\]/.exec(type) ?? [];
  if (document !== undefined) return faultsIn(value, document, at);
  const is: Readonly<Record<string, (value: unknown) => boolean>> = {
    text: (each) => typeof each === "string",
    time: (each) => typeof each === "string" && /^\d{4}-.*T.*\.\d{3}Z$/.test(each),
    integer: (each) => Number.isInteger(each),
    number: (each) => typeof each === "number",
    boolean: (each) => typeof each === "boolean",
    null: (each) => each === null,
    any: () => true,
  };
  const holds = is[type];
  if (holds === undefined) return [`${at}: no type is called ${type}`];
  return holds(value) ? [] : [`${at} is no ${type}: ${JSON.stringify(value)}`];
}

function faultsIn(value: unknown, document: string, at: string): string[] {
  const fields = known.get(document);
  if (fields === undefined) return [`${at}: nothing is called ${document}`];
  if (typeof value !== "object" || value === null) return [`${at} is no object`];
  const found = new Map(Object.entries(value));
  const unknown = [...found.keys()].filter((name) => !fields.has(name));
  const wrong = [...fields].flatMap(([name, { type, mayMiss }]) => {
    const inner = found.get(name) ?? null;
    if (found.has(name)) used.get(document)?.add(name);
    if (inner === null) return mayMiss ? [] : [`${at}.${name} is missing`];
    return faults(inner, type, `${at}.${name}`);
  });
  return [...unknown.map((name) => `${at}.${name} is not documented`), ...wrong];
}

/** The type that a command's section gives for its JSON. */
function typeOf(command: string): string {
  const [, type = ""] = /^JSON: (.*?)\.\s/ms.exec(sections("##").get(command) ?? "") ?? [];
  return type.replaceAll("\n", " ");
}

/** A contract that `rows` refutes, and in which something is not judged. */
const CONTRACT = {
  apiVersion: "v3.1.0",
  kind: "DataContract",
  name: "t",
  schema: [
    {
      name: "t",
      properties: [
        { name: "name", logicalType: "integer" },
        { name: "id", logicalType: "vector" },
      ],
    },
  ],
};

/** A lake in which every kind of outcome is. */
async function fill(world: World, url: URL): Promise<void> {
  await world.announce("far.csv", { bronze: url.href });
  await world.put("big.csv", rows(200));
  await world.put("small.csv", rows(3));
  await world.put("bare.csv", "id,name\n");
  await world.put("drift_0.csv", "id,name\n1,x\n2,y\n");
  await world.put("drift_1.csv", "name,id,tax\r\nx,1.5,0\r\n");
  await world.put("part-00000", rows(3));
  await world.put("model.bin", Buffer.alloc(500, 7));
  await world.put("broken.zip", "no zip");
  await world.put("brotli.parquet", readFileSync(join(root, "fixtures/parquet/brotli.parquet")));
  await world.put("whole.zip", readFileSync(join(root, "fixtures/zip/by-yazl.zip")));
  await world.announce("gone.csv");
  await world.manifest("no entry\n");
  await mkdir(world.path("manifests/processed.jsonl.lock"));
}

/** Documents that are seen where there is a store to send to. */
const ofRegions =
  /^(requests|staging|cost report|reported staging|upload|(not )?downloaded|extended|removed (staging|region)|cleaned up|bucket (set up|step|policy))/;

/** Faults of what the commands print that know regions. */
async function faultsOfRegions(): Promise<string[]> {
  await using here = await startTwoRegions();
  const env = { STAGING_SAMPLER_CONFIG: here.config, AWS_REGION: "east" };
  const wrong: string[] = [];
  const look = async (command: string, ...args: string[]) => {
    const value = JSON.parse(await outputOf([...command.split(" "), ...args, "--json"], env));
    wrong.push(...faults(value, typeOf(command), command));
    return value;
  };
  const path = await here.write("file", "x");
  const regions = ["--regions", "east,west", "--sweep-id", "sweep-1"];
  await look("stage setup-buckets", "--regions", "east");
  await look("stage upload", path, ...regions, "--dry-run", "--allow-accounts", "123456789012");
  const { staging_id: id } = await look("stage upload", path, ...regions, "--compress", "gzip");
  await look("stage list");
  await look("stage info", id);
  await look("stage cost");
  await look("stage download", id, "--dest", join(here.root, "fetched"));
  const two = await outputOf(["stage", "download", id, "none", "--json"], env);
  wrong.push(...faults(JSON.parse(two), "list of [downloaded] or [not downloaded]", "downloads"));
  await look("stage update", id, "--ttl", "3");
  await here.remove(here.west, `${id}/_staging.json`);
  await look("stage info", id);
  await look("stage cleanup", "--sweep-id", "sweep-1");
  return wrong;
}

/** The faults of what is said where there is a database. */
async function faultsOfHosts(): Promise<readonly string[]> {
  await using server = await startPostgres();
  await using world = await createWorld();
  await world.pass();
  const wrong: string[] = [];
  const look = async (...args: string[]) => {
    const said = JSON.parse((await world.run([...args, "--json"])).stdout);
    wrong.push(...faults(said, typeOf(args[0] as string), `${args.join(" ")} with a database`));
  };
  const database = await server.database("lake");
  await look("migrate", "--to", database);
  await look("migrate", "--from", database);
  await world.configure({ database });
  const daemon = await world.daemon();
  await daemon.logged("pass");
  await look("status");
  return wrong;
}

test("every --json document has the fields that docs/cli.md says, and no other", async () => {
  await using far = await startObjects(objectOf(Buffer.from(rows(3))));
  const url = far.url("far.csv");
  const allowedRoots = [new URL(".", url).href];
  const contracts = {
    file: "contract.json",
    objects: { "raw/b*": "t", "raw/small*": "none" },
    rows: true,
  };
  const raw = { mode: "early" };
  await using world = await createWorld();
  const key = join(world.root, "mask.key");
  await writeFile(key, randomBytes(32), { mode: 0o400 });
  const mask = { key, columns: [{ match: "name", with: "token" }] };
  const overrides = [{ datasets: MASKED, mask }];
  await world.configure({ schedule: NEVER, allowedRoots, contracts, raw, overrides });
  await world.put("masked.csv", rows(3), { dataset: MASKED });
  await world.write("contract.json", JSON.stringify(CONTRACT));
  const env = { STAGING_SAMPLER_CONFIG: world.config };
  const wrong: string[] = [];
  const look = async (command: string, ...args: string[]) => {
    const output = await outputOf([...command.split(" "), ...args, "--json"], env);
    wrong.push(...faults(JSON.parse(output), typeOf(command), command));
  };
  await fill(world, url);
  await world.write("raw/early.csv", rows(3));
  await look("run", "--once");
  const { mtimeMs } = await stat(world.path("raw/early.csv"));
  await rename(world.path("raw/early.csv"), world.path("bronze/early.csv"));
  await world.announce("early.csv", { mtime: mtimeMs / 1000 });
  await look("run", "--once");
  await look("status");
  await look("list");
  await look("list", "--newest", "--limit", "3");
  await look("failures");
  await look("check");
  await look("validate");
  await look("acknowledge");
  await look(
    "append",
    "--dataset",
    "acme/orders/v1",
    "--raw",
    "raw/x",
    "--bronze",
    "bronze/x",
    "--mtime",
    "1.5",
  );
  const appended = await run(
    ["sh", "-c", `echo bronze/big.csv | "$0" "$@"`, ...APPEND],
    world.config,
  );
  wrong.push(...faults(JSON.parse(appended.stdout), "[appended]", "append --stdin"));
  for (const name of ["big.csv", "model.bin", "gone.csv", "whole.zip"]) {
    await look("explain", `raw/${name}`);
    await look("show", `raw/${name}`);
  }
  await look("show", world.path("bronze/broken.zip"));
  await look("drift", "--all");
  await look("columns");
  for (const text of ["name", "big.csv", "row 2"]) await look("search", text);
  await world.write("bronze/backfill.csv", rows(3));
  await look("scan", "--min-age", "0");
  await look("diff", "raw/drift_1.csv", "raw/drift_0.csv");
  const again = await outputOf(["drift", "raw/drift_0.csv", "--forget", "--json"], env);
  wrong.push(...faults(JSON.parse(again), "list of [forgotten series]", "drift --forget"));
  const findings = readFileSync(world.path("samples/_findings.jsonl"), "utf8").trim().split("\n");
  wrong.push(
    ...findings.flatMap((line) =>
      faults(JSON.parse(line), "[drift finding] or [validation finding]", "findings"),
    ),
  );
  await look("preview", world.path("bronze/big.csv"));
  await look("preview", world.path("bronze/big.csv"), "--strategy", "spread", "--parts", "3");
  await look("preview", world.path("bronze/big.csv"), "--strategy", "reservoir");
  await look("preview", world.path("bronze/whole.zip"), "--strategy", "spread");
  await look("preview", url.href);
  await look("stage get", world.path("bronze/big.csv"), "-o", join(world.root, "got.csv"));
  const output = { path: "/a", url: join(world.root, "sent.csv") };
  const inputs = [
    { path: "/a", url: world.path("bronze/big.csv") },
    { path: "/b", url: "none" },
  ];
  const outputs = [output, { ...output, path: "/none" }];
  await world.write("manifest.json", JSON.stringify({ inputs, outputs }));
  await look("stage in", world.path("manifest.json"));
  await look("stage runs");
  const echo = ["--", "echo", "x"];
  const staging = ["stage", "run", world.path("manifest.json"), "--json", ...echo];
  wrong.push(...faults(JSON.parse(await outputOf(staging, env)), typeOf("stage run"), "stage run"));
  await using server = await startObjectServer({ a: gzipSync("a") });
  const compressed = { url: server.url("a"), decompress: true };
  await world.write("remote.json", JSON.stringify({ a: compressed }));
  await look("stage in", world.path("remote.json"));
  for (const action of ["list", "verify", "prune"]) await look("stage store", action);
  const plan = ["--data-size-gb", "1", "--instances", "2", "--regions"];
  await look("stage estimate", ...plan, "us-east-1,us-west-2");
  await look("stage estimate", ...plan, "us-east-1");
  if (whyNoRgw === undefined) wrong.push(...(await faultsOfRegions()));
  if (whyNoPostgres === undefined) wrong.push(...(await faultsOfHosts()));
  await look("preview", world.path("bronze/model.bin"), "--out", join(world.root, "out.json"));
  await rm(world.path("samples/small_sample.csv"));
  await world.write("samples/mine.txt", "notes");
  await look("audit");
  const daemon = await world.daemon();
  await daemon.logged("pass");
  await look("status");
  await look("retry");
  await daemon.end();
  await world.configure({ retention: { maxFiles: 1 } });
  await look("forget", "raw/big.csv", "--samples", "--dry-run");
  await look("forget", "raw/model.bin");
  await look("prune", "--dry-run");
  await look("prune");
  for (const strategy of ["spread", "reservoir"]) {
    await world.configure({ sample: { strategy } });
    await world.put(`${strategy}.csv`, rows(200));
    await world.announce("whole.zip", { mtime: MTIME + 1 });
    await look("run", "--once");
  }
  await world.announce("big.csv", { mtime: MTIME + 1 });
  await look("status");
  const receipts = [...(await world.receipts()), ...(await world.receipts(MASKED))];
  for (const [i, receipt] of receipts.entries()) {
    wrong.push(...faults(receipt, "[receipt]", `receipts[${i}]`));
  }
  expect(wrong).toEqual([]);
  const seen = [...known].filter(
    ([name]) =>
      (whyNoRgw === undefined || !ofRegions.test(name)) &&
      (whyNoPostgres === undefined || !["host", "migrated"].includes(name)),
  );
  const unseen = seen.flatMap(([document, fields]) =>
    [...fields.keys()]
      .filter((name) => used.get(document)?.has(name) !== true)
      .map((name) => `${document}: ${name}`),
  );
  expect(unseen, "documented, but in no document").toEqual([]);
});
