import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { few, fewOf, kinds, kindsOf } from "../../fixtures/make-orc.ts";
import { type OrcFile, orcOf } from "../../fixtures/orc-file.ts";
import { bytesField } from "../../fixtures/orc-stripe.ts";
import { cellOf } from "../../src/decode/cell.ts";
import { decodeOrc } from "../../src/decode/orc.ts";
import { memorySource, sampleBytes, sampleOf, sampleSource } from "../helpers/sample.ts";

const MIB = 1024 * 1024;
const root = mkdtempSync(join(tmpdir(), "staging-sampler-orc-"));
const fixtures = join(import.meta.dirname, "../../fixtures/orc");

/** Rows may be missing as a whole. */
const withNullRows: OrcFile = {
  columns: few,
  row: (i) => (i % 4 === 0 ? null : fewOf(i)),
  stripes: [9],
};

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The verdicts of the reader of conformance/, which was written for ORC's specification alone. */
async function verdictsOf(files: readonly (readonly [Buffer, number])[]): Promise<unknown[]> {
  const requests: string[] = [];
  for (const [i, [original, rows]] of files.entries()) {
    const { bytes, summary } = await sampleOf("a.orc", original, { limits: { rows } });
    const paths = { original: join(root, `${i}.orc`), sample: join(root, `${i}_sample.orc`) };
    writeFileSync(paths.original, original);
    writeFileSync(paths.sample, bytes);
    // It takes as many rows as the receipt says where that is cut by bytes.
    const receipt = { ...summary, rows: Math.min(rows, summary.rows ?? 0), cut: "bytes" };
    requests.push(JSON.stringify({ ask: "judge", ...paths, receipt, facts: {} }));
  }
  const readers = join(import.meta.dirname, "../../conformance/readers.py");
  const input = `${requests.join("\n")}\n`;
  const { stdout } = spawnSync("python3", ["-B", readers], { input, encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("samples have the first rows, says a reader in Python", async () => {
  const long = { columns: kinds, row: kindsOf, stripes: [300, 20] } as const;
  const files: OrcFile[] = [
    long,
    { ...long, runs: 1 },
    { ...long, codec: "zlib", blockBytes: 100 },
    { ...long, codec: "snappy", blockBytes: 262_144 },
    { ...long, codec: "lz4" },
    { columns: few, row: fewOf, stripes: [3, 0, 3, 3], codec: "zstd" },
    withNullRows,
  ];
  const cases = files.flatMap((file) =>
    [1, 2, 3, 8, 9, 100, 201, 310, 320].map((rows) => [orcOf(file), rows] as const),
  );
  const verdicts = await verdictsOf(cases);
  expect(verdicts).toEqual(cases.map(() => ({ verdict: "exact" })));
});

test("no run goes on much further than the last row", async () => {
  const columns = { odd: { kind: "bigint" }, rising: { kind: "int" } } as const;
  const row = (i: number) => ({ odd: BigInt((i * 7919) % 1000), rising: BigInt(i * i) });
  const original = orcOf({ columns, row, stripes: [5000] });
  const sizeOf = async (rows: number) =>
    (await sampleOf("a.orc", original, { limits: { rows } })).bytes.length;
  // 16 bits each in one column, and 9 in the other.
  expect((await sizeOf(100)) - (await sizeOf(20))).toBeLessThan(80 * 3.5);
});

test("types, metadata and writer stay as they are, and there are no indexes", async () => {
  const { bytes } = await sampleOf("a.orc", readFileSync(join(fixtures, "metadata.orc")), {
    limits: { rows: 2 },
  });
  expect(bytes.includes("an index of rows")).toBe(false);
  const pair = [bytesField(1, Buffer.from("who")), bytesField(2, Buffer.from("me"))];
  expect(bytes.includes(bytesField(5, Buffer.concat(pair)))).toBe(true);
});

test("rows of the whole file are told, and stripes without rows left out", async () => {
  const original = readFileSync(join(fixtures, "stripes.orc"));
  const { bytes, summary } = await sampleOf("a.orc", original, { limits: { rows: 50 } });
  expect(summary).toMatchObject({ rows: 50, sourceRows: 120, cut: "rows" });
  expect(bytes.toString("latin1").match(/UTC/g)).toHaveLength(2);
});

test("rows are fewer where they are large, but one is kept", async () => {
  const row = () => ({ id: 1n, name: "x".repeat(1000) });
  const original = orcOf({ columns: few, row, stripes: [5, 4] });
  const some = await sampleOf("a.orc", original, { limits: { bytes: 6500 } });
  expect(some.summary).toMatchObject({ rows: 6, cut: "bytes" });
  const one = await sampleOf("a.orc", original, { limits: { bytes: 10 } });
  expect(one.summary).toMatchObject({ rows: 1, cut: "bytes" });
  expect(await sampleBytes("a.orc", original, { limits: { bytes: 10, recordBytes: 900 } })).toEqual(
    { kind: "none", reason: "a row is larger than 900 bytes" },
  );
});

test.each([1, 2] as const)(
  "of a dictionary, other words than those of the rows are left out, in runs of version %i",
  async (runs) => {
    const columns = { word: { kind: "string", words: true } } as const;
    const row = (i: number) => ({ word: `word ${(i * 7919) % 3000}${"!".repeat(i % 300)}` });
    const original = orcOf({ columns, row, stripes: [3000], runs });
    const { bytes } = await sampleOf("a.orc", original, { limits: { rows: 5 } });
    expect(bytes.toString("latin1").match(/word \d+/g)).toHaveLength(5);
    expect(bytes.length).toBeLessThan(runs === 1 ? 500 : 400);
    const { rows } = await decodeOrc(bytes, 5);
    expect(rows).toEqual([0, 1, 2, 3, 4].map((i) => [row(i).word]));
    expect(await verdictsOf([[original, 5]])).toEqual([{ verdict: "exact" }]);
  },
);

test("a sample may have very many rows with words of a dictionary", async () => {
  const columns = { word: { kind: "string", words: true } } as const;
  const original = orcOf({ columns, row: (i) => ({ word: `w${i % 3}` }), stripes: [200_000] });
  const { bytes, summary } = await sampleOf("a.orc", original, { limits: { rows: 150_000 } });
  expect(summary).toMatchObject({ rows: 150_000, cut: "rows", warnings: [] });
  const { rows } = await decodeOrc(bytes, 150_000);
  expect([rows.length, rows.at(-1)]).toEqual([150_000, ["w2"]]);
});

test("words that no dictionary has are FORMAT_INVALID", async () => {
  const columns = { word: { kind: "string", words: true } } as const;
  const original = orcOf({ columns, row: (i) => ({ word: `w${10 + i}` }), stripes: [20] });
  // A rising run: its first value.
  original[original.indexOf(Buffer.of(0xc0, 19, 0, 2)) + 2] = 9;
  expect(await sampleBytes("a.orc", original)).toMatchObject({ code: "FORMAT_INVALID" });
});

describe.each(["none", "zlib", "zstd"] as const)("of a large file in %s", (codec) => {
  test("no more is read than the rows need", async () => {
    const columns = { ...few, text: { kind: "string" } } as const;
    const row = (i: number) => ({ ...fewOf(i), text: `${(i * 7919) % 1e6} ${(i * 31) % 1e6}` });
    const blockBytes = 65_536;
    const original = orcOf({ columns, row, stripes: [20_000, 50_000], codec, blockBytes });
    const source = memorySource("a.orc", original);
    expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
    expect(original.length).toBeGreaterThan(350_000);
    // The head, the tail, the footer of a stripe, and the beginnings of six streams.
    expect(source.readBytes()).toBeLessThan(65_536 + 8 * 16_384);
  });
});

test("a chunk that is a bomb is not taken", async () => {
  const row = () => ({ id: 1n, name: "x".repeat(20 * MIB) });
  const original = orcOf({ columns: few, row, stripes: [1], codec: "zstd", blockBytes: 21 * MIB });
  expect(await sampleBytes("a.orc", original)).toMatchObject({ code: "FORMAT_INVALID" });
});

test("lists of more values than there can be have no sample", async () => {
  const columns = { all: { kind: "array", of: { item: { kind: "tinyint" } } } } as const;
  const list = { length: 2 ** 40, [Symbol.iterator]: [][Symbol.iterator] };
  const original = orcOf({ columns, row: () => ({ all: list }), stripes: [1] });
  expect(await sampleBytes("a.orc", original)).toEqual({
    kind: "none",
    reason: "a row is larger than 8388608 bytes",
  });
});

test("types that are below two others are none", async () => {
  const original = Buffer.from(readFileSync(join(fixtures, "ordinary.orc")));
  // The columns of the row.
  original.set([1, 1], original.lastIndexOf(Buffer.of(0x12, 2, 1, 2)) + 2);
  expect(await sampleBytes("a.orc", original)).toMatchObject({ code: "FORMAT_INVALID" });
});

test.each([1, 2] as const)(
  "values are shown by their types, in runs of version %i",
  async (runs) => {
    const original = orcOf({ columns: kinds, row: kindsOf, stripes: [2], runs });
    const { columns, rows, fault } = await decodeOrc(original, 2);
    expect(fault).toBeUndefined();
    const cells = Object.fromEntries(
      columns.map(({ name, type }, i) => [name, [type, ...rows.map((row) => cellOf(row[i]))]]),
    );
    expect(cells).toEqual({
      id: ["bigint", "0", "1"],
      name: ["string", null, "name 1"],
      flag: ["boolean", null, "false"],
      byte: ["tinyint", "3", "-127"],
      short: ["smallint", null, "419"],
      rising: ["int", "-5", "-4"],
      patched: ["bigint", "-20", "899"],
      wide: ["bigint", "4611686018427387904", "-4611686018427387905"],
      same: ["int", "7", "7"],
      float: ["float", "0", "0.5"],
      double: ["double", "0", "-0.25"],
      word: ["string", null, "word 1"],
      varchar: ["varchar", "", "ü"],
      bytes: ["binary", "", "0x01"],
      price: ["decimal(30, 2)", null, "999999999999999999.99"],
      day: ["date", "1968-11-27", "1968-12-27"],
      stamp: ["timestamp", "2023-11-14T22:13:20", "2023-11-14T22:30:00.123"],
      instant: ["timestamp_instant", "1970-01-01T00:00:00Z", "1970-01-02T00:00:00.000000001Z"],
      none: ["int", null, null],
      list: ["array", null, "[]"],
      map: ["map", null, '{"k1":0.125,"other":null}'],
      struct: ["struct", null, '{"a":1,"b":"b1"}'],
      union: ["union", null, "t1"],
    });
  },
);

test("rows that are missing as a whole are shown as nulls", async () => {
  const { rows } = await decodeOrc(orcOf(withNullRows), 6);
  expect(rows.map((row) => row.map(cellOf))).toEqual([
    [null, null],
    ["1", "name 1"],
    ["2", "name 2"],
    ["3", null],
    [null, null],
    ["5", "name 5"],
  ]);
});
