import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { createWorld, run, type World } from "../helpers/world.ts";

const script = join(import.meta.dirname, "../helpers/lake.py");

/** bronze → sample */
const names: Readonly<Record<string, string>> = {
  "rows.csv": "rows_sample.csv",
  "rows.tsv": "rows_sample.tsv",
  "rows.psv": "rows_sample.psv",
  "lines.jsonl": "lines_sample.jsonl",
  "lines.ndjson": "lines_sample.ndjson",
  "array.json": "array_sample.json",
  "object.json": "object_sample.json",
  "notes.txt": "notes_sample.txt",
  "server.log": "server_sample.log",
  "rows.csv.gz": "rows_sample.csv.gz",
  "lines.jsonl.gz": "lines_sample.jsonl.gz",
  "array.json.gz": "array_sample.json.gz",
  "notes.txt.gz": "notes_sample.txt.gz",
  "parts.zip": "parts_sample.zip",
  "logs.tar": "logs_sample.txt",
  "more.tar.gz": "more_sample.txt",
  "last.tgz": "last_sample.txt",
  "model.bin": "model_sample.meta.json",
  README: "README_sample.meta.json",
  "table.parquet": "table_sample.parquet",
};

/** Runs SQL in DuckDB and returns the rows as text. */
async function query(sql: string): Promise<string> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(sql);
  const found = JSON.stringify(reader.getRowsJson());
  connection.closeSync();
  instance.closeSync();
  return found;
}

/** A lake with one file of each format. */
async function fill(world: World): Promise<void> {
  const bronze = world.path("bronze");
  const made = await run(["python3", script, "make", bronze]);
  expect(made.stderr).toBe("");
  await query(
    `COPY (SELECT i AS id, 'row ' || i AS name, [i, i + 1] AS list, {'a': i} AS struct, i::DECIMAL(18,3) AS money
     FROM range(250) t(i)) TO '${join(bronze, "table.parquet")}' (FORMAT parquet, CODEC zstd)`,
  );
  for (const name of Object.keys(names)) await world.announce(name);
}

test("a file of each format has a sample that other programs read, with the first 100 records", async () => {
  await using world = await createWorld();
  await fill(world);
  const { summary, outcomes } = await world.pass();
  expect(Object.values(outcomes).filter((outcome) => outcome !== "sampled")).toEqual([]);
  expect(summary).toMatchObject({ lines: 20, sampled: 18, described: 2, failed: 0, errors: 0 });
  expect(await world.samples()).toEqual(Object.values(names).toSorted());

  const readable = Object.keys(names).filter((name) => !/parquet|bin|README/.test(name));
  const bronzePaths = readable.map((name) => world.path(`bronze/${name}`));
  const samplePaths = readable.map((name) => world.path(`samples/${names[name]}`));
  const read = await run(["python3", script, "read", ...bronzePaths, ...samplePaths]);
  expect(read.stderr).toBe("");
  const records = JSON.parse(read.stdout) as Record<string, unknown[]>;
  const of = (path: string) => records[world.path(path)] as unknown[];
  const pair = (name: string) => [of(`samples/${names[name]}`), of(`bronze/${name}`)] as const;

  for (const name of ["rows.csv", "rows.tsv", "rows.psv", "rows.csv.gz"]) {
    const [sample, bronze] = pair(name);
    expect(sample, name).toEqual(bronze.slice(0, 101));
  }
  for (const name of readable.filter((each) => /jsonl|ndjson|array|notes|server/.test(each))) {
    const [sample, bronze] = pair(name);
    expect(sample, name).toHaveLength(100);
    expect(sample, name).toEqual(bronze.slice(0, 100));
  }
  const [object, whole] = pair("object.json") as unknown as Record<string, unknown[]>[];
  expect(object).toEqual({ ...whole, data: whole?.["data"]?.slice(0, 100) });

  for (const name of ["logs.tar", "more.tar.gz", "last.tgz"]) {
    const [sample, members] = pair(name);
    const listed = sample.map((line) => String(line).split("\t").slice(0, 2));
    expect(
      listed.filter(([path]) => path?.startsWith("logs/")),
      name,
    ).toEqual(members);
  }
  const [zip, archive] = pair("parts.zip") as unknown as [string, unknown[]][][];
  expect(zip?.map(([name]) => name)).toEqual([
    "_manifest.txt",
    "a/rows.csv",
    "b/lines.jsonl",
    "c.txt",
  ]);
  const member = (all: typeof zip, name: string) => all?.find(([each]) => each === name)?.[1] ?? [];
  expect(member(zip, "a/rows.csv")).toEqual(member(archive, "a/rows.csv").slice(0, 101));
  expect(member(zip, "b/lines.jsonl")).toEqual(member(archive, "b/lines.jsonl").slice(0, 100));
  expect(member(zip, "_manifest.txt").map((line) => String(line).split("\t")[0])).toEqual(
    archive?.map(([name]) => name),
  );

  const parquet = (path: string, rest: string) =>
    query(`SELECT * FROM '${world.path(path)}' ${rest}`);
  expect(await parquet("samples/table_sample.parquet", "")).toBe(
    await parquet("bronze/table.parquet", "LIMIT 100"),
  );
  const types = (path: string) => query(`DESCRIBE SELECT * FROM '${world.path(path)}'`);
  expect(await types("samples/table_sample.parquet")).toBe(await types("bronze/table.parquet"));
});

test("text samples are byte for byte the beginning of their file", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.pass();
  for (const name of Object.keys(names).filter((each) =>
    /\.(csv|tsv|psv|jsonl|ndjson|txt|log)$/.test(each),
  )) {
    const sample = await world.sample(names[name] as string);
    const bronze = await readFile(world.path(`bronze/${name}`));
    expect(sample.length, name).toBeLessThan(bronze.length);
    expect(bronze.subarray(0, sample.length).equals(sample), name).toBe(true);
  }
  for (const name of ["rows.csv.gz", "lines.jsonl.gz", "notes.txt.gz"]) {
    const sample = gunzipSync(await world.sample(names[name] as string));
    const bronze = gunzipSync(await readFile(world.path(`bronze/${name}`)));
    expect(bronze.subarray(0, sample.length).equals(sample), name).toBe(true);
  }
  const json = (await world.sample("array_sample.json")).toString().replace(/\]\s*$/, "");
  expect((await readFile(world.path("bronze/array.json"), "utf8")).startsWith(json)).toBe(true);
});

test("the same lines once more change no file", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.pass();
  const before = await world.snapshot(world.path(""));
  const lines = await readFile(world.path("manifests/processed.jsonl"));
  await world.manifest(lines);
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 20, unchanged: 20, sampled: 0, failed: 0, superseded: 0 });
  const after = await world.snapshot(world.path(""));
  before.delete("manifests/processed.jsonl");
  after.delete("manifests/processed.jsonl");
  expect(after).toEqual(before);
});

test("what has no sample of its own format is described", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.pass();
  const described = JSON.parse((await world.sample("model_sample.meta.json")).toString()) as object;
  expect(described).toMatchObject({ original: "model.bin", size: 16384, type: expect.any(String) });
  expect(described).toHaveProperty("mtime");
  const receipts = await world.receipts();
  const receipt = receipts.find(({ raw }) => raw === "raw/model.bin");
  expect(receipt).toMatchObject({
    outcome: "sampled",
    format: "metadata",
    reason: expect.any(String),
  });
  expect(world.row("raw/model.bin")).toMatchObject({
    format: "metadata",
    reason: expect.any(String),
  });
});
