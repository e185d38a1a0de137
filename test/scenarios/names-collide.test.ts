import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows } from "../helpers/world.ts";

const mark = (raw: string) => `~${createHash("sha256").update(raw).digest("hex").slice(0, 16)}`;
const tar = Buffer.alloc(1024);

test("of two files with one name the first keeps it, and the later gets a mark of its raw", async () => {
  await using world = await createWorld();
  await world.put("a/data.csv", rows(1));
  await world.put("b/data.csv", rows(2));
  await world.put("c/data.csv", rows(3));
  await world.pass();
  const [b, c] = [
    `data_sample${mark("raw/b/data.csv")}.csv`,
    `data_sample${mark("raw/c/data.csv")}.csv`,
  ];
  expect(await world.samples()).toEqual(["data_sample.csv", b, c].toSorted());
  expect((await world.sample("data_sample.csv")).toString()).toBe(rows(1));
  expect((await world.sample(b)).toString()).toBe(rows(2));
  expect((await world.sample(c)).toString()).toBe(rows(3));
});

test("a listing and a text file of one stem do not share a name", async () => {
  await using world = await createWorld();
  await world.put("a.tar", tar);
  await world.put("a.txt", "text\n");
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.txt", `a_sample${mark("raw/a.txt")}.txt`]);
  expect((await world.sample(`a_sample${mark("raw/a.txt")}.txt`)).toString()).toBe("text\n");
});

test("names never change, however the files come and change later", async () => {
  await using world = await createWorld();
  await world.put("b/data.csv", rows(2));
  await world.pass();
  await world.put("a/data.csv", rows(1));
  await world.pass();
  const before = world.rows().map(({ raw, sample }) => [raw, sample]);
  await world.put("a/data.csv", rows(3), { mtime: MTIME + 1 });
  await world.put("b/data.csv", rows(4), { mtime: MTIME + 1 });
  await world.pass();
  world.close();
  await world.put("b/data.csv", rows(5), { mtime: MTIME + 2 });
  await world.pass();
  expect(world.rows().map(({ raw, sample }) => [raw, sample])).toEqual(before);
  expect((await world.sample("data_sample.csv")).toString()).toBe(rows(5));
});

test("names outlive a lost cache", async () => {
  await using world = await createWorld();
  await world.put("b/data.csv", rows(2));
  await world.put("a/data.csv", rows(1));
  await world.pass();
  const before = world.rows().map(({ raw, sample }) => [raw, sample]);
  world.close();
  await rm(world.state, { recursive: true });
  await world.put("a/data.csv", rows(3), { mtime: MTIME + 1 });
  await world.pass();
  expect(world.rows().map(({ raw, sample }) => [raw, sample])).toEqual(before);
});

test("the mirror layout keeps raw's directories, without a leading raw", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.put("a/data.csv", rows(1));
  await world.put("b/data.csv", rows(2));
  await world.put("data.csv", rows(3), { raw: "elsewhere/raw/data.csv" });
  await world.pass();
  expect(await world.samples()).toEqual([
    "a/data_sample.csv",
    "b/data_sample.csv",
    "elsewhere/raw/data_sample.csv",
  ]);
});

test("names that are too long, hidden or hold control characters become names that are safe", async () => {
  await using world = await createWorld();
  const long = `${"ü".repeat(125)}.csv`;
  await world.write("bronze/a", rows(1));
  for (const raw of [
    `raw/${long}`,
    `raw/${"x".repeat(400)}.csv`,
    "raw/.hidden.csv",
    "raw/a\tb\u007f.csv",
  ]) {
    await world.announce("a", { raw });
  }
  await world.pass();
  const samples = await world.samples();
  expect(samples).toHaveLength(4);
  expect(samples).toContain("_hidden_sample.csv");
  expect(samples).toContain("a_b__sample.csv");
  for (const name of samples) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
});

test("a sample that becomes metadata, and back, moves with its name, and the old file goes", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.csv"]);
  await world.put("a.csv", Buffer.alloc(5000, 1), { mtime: MTIME + 1 });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(await world.samples()).toEqual(["a_sample.meta.json"]);
  expect(world.row("raw/a.csv")).toMatchObject({
    sample: "samples/a_sample.meta.json",
    format: "metadata",
  });
  await world.put("a.csv", rows(6), { mtime: MTIME + 2 });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(await world.samples()).toEqual(["a_sample.csv"]);
  expect((await world.sample("a_sample.csv")).toString()).toBe(rows(6));
});

test("a name that was left is not given to another file", async () => {
  await using world = await createWorld();
  await world.put("a/data.csv", rows(5));
  await world.pass();
  await world.put("a/data.csv", Buffer.alloc(5000, 1), { mtime: MTIME + 1 });
  await world.put("b/data.csv", rows(2));
  await world.pass();
  expect(await world.samples()).toEqual([
    "data_sample.meta.json",
    `data_sample${mark("raw/b/data.csv")}.csv`,
  ]);
});

test("extensions of the configuration say what a file is; the sample keeps raw's own", async () => {
  await using world = await createWorld({
    formats: { extensions: { ".dat": "csv", ".DUMP": "jsonl" } },
  });
  await world.put("a.dat", rows(200));
  await world.put("b.dump", '{"a":1}\n'.repeat(200));
  await world.put("c.dat.gz", gzipSync(rows(200)));
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.dat", "b_sample.dump", "c_sample.dat.gz"]);
  expect((await world.sample("a_sample.dat")).toString()).toBe(rows(100));
  expect(world.rows().map(({ rows: count }) => count)).toEqual([100, 100, 100]);
});

test("of a file without an extension whose content is known there is a sample in that format", async () => {
  await using world = await createWorld();
  await world.put("archive", gzipSync(rows(200)));
  expect((await world.pass()).outcomes).toEqual({ "raw/archive": "sampled" });
  expect(await world.samples()).toEqual(["archive_sample"]);
});
