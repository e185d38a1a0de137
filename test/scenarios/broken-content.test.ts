import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createWorld, rows } from "../helpers/world.ts";

test("of a truncated gzip what arrived is kept, and the receipt warns", async () => {
  await using world = await createWorld();
  const text = rows(100_000);
  const half = gzipSync(text).subarray(0, 30_000);
  await world.put("cut.csv.gz", half);
  await world.put("short.csv.gz", gzipSync(rows(80)).subarray(0, -20));
  expect((await world.pass()).outcomes).toEqual({
    "raw/cut.csv.gz": "sampled",
    "raw/short.csv.gz": "sampled",
  });
  const receipts = await world.receipts();
  const short = receipts.find(({ raw }) => raw === "raw/short.csv.gz");
  expect(short?.["warnings"]).toHaveLength(1);
  const sample = gunzipSync(await world.sample("short_sample.csv.gz")).toString();
  expect(rows(80).startsWith(sample)).toBe(true);
  expect(gunzipSync(await world.sample("cut_sample.csv.gz")).toString()).toBe(rows(100));
});

test("a CSV with an unclosed quote is sampled by lines, and the receipt warns", async () => {
  await using world = await createWorld();
  const text = `id,name\n1,"never closed\n${rows(200_000)}`;
  await world.put("a.csv", text);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  const sample = (await world.sample("a_sample.csv")).toString();
  expect(sample.split("\n")).toHaveLength(102);
  expect(text.startsWith(sample)).toBe(true);
  expect((await world.receipts())[0]?.["warnings"]).toHaveLength(1);
});

test("malformed JSON that fits is kept as it is, and the receipt warns", async () => {
  await using world = await createWorld();
  const text = '{"a": 1, "b": [1, 2';
  await world.put("a.json", text);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.json": "sampled" });
  expect((await world.sample("a_sample.json")).toString()).toBe(text);
  expect((await world.receipts())[0]?.["warnings"]).not.toEqual([]);
});

test.each(["a.zip", "a.parquet", "a.tar.gz", "a.avro.gz"])(
  "%s that is none fails with a message",
  async (name) => {
    await using world = await createWorld();
    await world.put(name, "v\n1\nnot what the name says\n");
    await world.put("beside.csv", "v\n1\n");
    const { outcomes } = await world.pass();
    expect(outcomes).toEqual({ [`raw/${name}`]: "FORMAT_INVALID", "raw/beside.csv": "sampled" });
    expect(await world.samples()).toEqual(["beside_sample.csv"]);
    expect(world.row(`raw/${name}`)).toMatchObject({
      waiting: false,
      message: expect.stringMatching(/./),
    });
    expect((await world.pass()).outcomes).toEqual({});
  },
);

test("text that is named .csv.gz is sampled as what it is, and the receipt warns", async () => {
  await using world = await createWorld();
  await world.put("a.csv.gz", rows(200));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv.gz": "sampled" });
  expect((await world.sample("a_sample.csv.gz")).toString()).toBe(rows(100));
  const [receipt] = await world.receipts();
  expect(receipt).toMatchObject({ format: "csv", recognisedBy: "content" });
  expect(receipt?.["warnings"]).toEqual(["named a.csv.gz, but holds csv"]);
});

test("a gzip that is named .csv is sampled as what it is, and the receipt warns", async () => {
  await using world = await createWorld();
  await world.put("a.csv", gzipSync(rows(200)));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  const [name = ""] = await world.samples();
  expect(gunzipSync(await world.sample(name)).toString()).toBe(rows(100));
  expect((await world.receipts())[0]?.["warnings"]).not.toEqual([]);
});

test("an empty file gives an empty sample; an empty archive is broken", async () => {
  await using world = await createWorld();
  for (const name of ["a.csv", "b.json", "c.txt", "d.bin", "e.csv.gz"]) await world.put(name, "");
  await world.put("f.zip", "");
  await world.put("g.parquet", "");
  const { outcomes } = await world.pass();
  expect(outcomes).toMatchObject({
    "raw/f.zip": "FORMAT_INVALID",
    "raw/g.parquet": "FORMAT_INVALID",
  });
  const samples = await world.samples();
  expect(samples).toEqual([
    "a_sample.csv",
    "b_sample.json",
    "c_sample.txt",
    "d_sample.bin",
    "e_sample.csv.gz",
  ]);
  for (const name of samples) expect(await world.sample(name)).toHaveLength(0);
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled", bytes: 0 });
});

test("a record over limits.recordBytes gives the metadata sample with the reason", async () => {
  await using world = await createWorld({ limits: { recordBytes: "64KiB" } });
  await world.put("a.csv", `id\n"${"x".repeat(200_000)}"\n`);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(await world.samples()).toEqual(["a_sample.meta.json"]);
  expect(world.row("raw/a.csv")).toMatchObject({
    format: "metadata",
    reason: expect.stringMatching(/record/),
  });
});

test("rows and bytes of the configuration cut the sample, for the datasets they are for", async () => {
  await using world = await createWorld({
    sample: { rows: 7 },
    overrides: [{ datasets: "acme/big/*", sample: { bytes: "1KiB", rows: 5000 } }],
  });
  await world.put("a.csv", rows(50));
  await world.put("b.csv", rows(5000), { dataset: "acme/big/v1" });
  await world.pass();
  expect((await world.sample("a_sample.csv")).toString()).toBe(rows(7));
  expect(await world.receipts()).toMatchObject([{ rows: 7, complete: false, cut: "rows" }]);
  const big = await world.sample("b_sample.csv", "acme/big/v1");
  expect(big.length).toBeLessThanOrEqual(1024);
  expect(big.length).toBeGreaterThan(1000);
  expect(await world.receipts("acme/big/v1")).toMatchObject([{ complete: false, cut: "bytes" }]);
});

test("sample.enabled: false switches a dataset off, and on again without loss", async () => {
  await using world = await createWorld({ sample: { enabled: false } });
  await world.put("a.csv", rows(5));
  expect((await world.pass()).summary).toMatchObject({ datasets: 0, lines: 0, sampled: 0 });
  await world.configure({ sample: { enabled: true } });
  expect((await world.pass()).summary).toMatchObject({ datasets: 1, lines: 1, sampled: 1 });
});

test("datasets.include and exclude choose", async () => {
  await using world = await createWorld({
    datasets: { include: ["acme/**"], exclude: ["*/*/test*"] },
  });
  for (const dataset of ["acme/a/v1", "acme/a/test1", "other/a/v1"])
    await world.put("a.csv", rows(1), { dataset });
  expect((await world.pass()).summary).toMatchObject({ datasets: 1, sampled: 1 });
  expect(world.rows().map(({ dataset }) => dataset)).toEqual(["acme/a/v1"]);
});
