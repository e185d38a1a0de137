import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
// Its codecs are known to the reader from then on.
import { arrowOf, few, kinds } from "../../fixtures/make-arrow.ts";
import { decodeArrow } from "../../src/decode/arrow.ts";
import { cellOf } from "../../src/decode/cell.ts";
import { memorySource, sampleBytes, sampleOf, sampleSource } from "../helpers/sample.ts";

const MIB = 1024 * 1024;
const fixtures = join(import.meta.dirname, "../../fixtures/arrow");

/** The rows of a file or stream as text, says apache-arrow. */
function rowsOf(bytes: Uint8Array): string[] {
  return tableFromIPC(bytes)
    .toArray()
    .map((row) => String(row));
}

describe.each(["file", "stream"] as const)("the sample of a %s", (kind) => {
  describe.each(["none", "lz4", "zstd"] as const)("with the codec %s", (codec) => {
    const original = arrowOf(kind, kinds, [130], codec);

    test.each([1, 7, 8, 9, 100, 130])("has the first %i rows, says apache-arrow", async (rows) => {
      const { bytes, summary } = await sampleOf("a.arrow", original, { limits: { rows } });
      expect(summary).toMatchObject({ format: "arrow", rows, complete: rows === 130 });
      expect(rowsOf(bytes)).toEqual(rowsOf(original).slice(0, rows));
      expect(tableFromIPC(bytes).schema).toEqual(tableFromIPC(original).schema);
    });
  });

  test("has the first batches, and a part of the one in which its last row is", async () => {
    const original = arrowOf(kind, few, [3, 0, 3, 3]);
    const { bytes } = await sampleOf("a.arrow", original, { limits: { rows: 5 } });
    expect(tableFromIPC(bytes).batches.map(({ numRows }) => numRows)).toEqual([3, 0, 2]);
    expect(rowsOf(bytes)).toEqual(rowsOf(original).slice(0, 5));
  });
});

test("unions of both modes are cut, says apache-arrow", async () => {
  const original = readFileSync(join(fixtures, "unions.arrow"));
  const { bytes } = await sampleOf("a.arrow", original, { limits: { rows: 5 } });
  expect(rowsOf(bytes)).toEqual(rowsOf(original).slice(0, 5));
});

test("the metadata of a schema and of a file stay as they are", async () => {
  const table = tableFromArrays({ id: [1, 2, 3] });
  table.schema.metadata.set("who", "me");
  const original = Buffer.from(tableToIPC(table, "file"));
  const { bytes } = await sampleOf("a.arrow", original, { limits: { rows: 1 } });
  expect([...tableFromIPC(bytes).schema.metadata]).toEqual([["who", "me"]]);
});

test("rows are fewer where they are large, but one is kept", async () => {
  const columns = { word: [few["name"]![0], () => "x".repeat(1000)] } as const;
  const original = arrowOf("file", columns, [9]);
  const some = await sampleOf("a.arrow", original, { limits: { bytes: 5000 } });
  expect(some.summary).toMatchObject({ rows: 4, cut: "bytes" });
  const one = await sampleOf("a.arrow", original, { limits: { bytes: 10 } });
  expect(one.summary).toMatchObject({ rows: 1, cut: "bytes" });
  expect(
    await sampleBytes("a.arrow", original, { limits: { bytes: 10, recordBytes: 900 } }),
  ).toEqual({ kind: "none", reason: "a row is larger than 900 bytes" });
});

test.each(["none", "zstd"] as const)(
  "of a large batch in %s no more is read than the rows need",
  async (codec) => {
    const columns = {
      ...few,
      word: [few["name"]![0], (i: number) => `${(i * 7919) % 1e6} ${i}`],
    } as const;
    const source = memorySource("a.arrow", arrowOf("file", columns, [150_000], codec));
    expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
    expect(source.size).toBeGreaterThan(1.5 * MIB);
    expect(source.readBytes()).toBeLessThan(MIB);
  },
);

test("dictionaries above the limit of a record have no sample", async () => {
  const original = readFileSync(join(fixtures, "long-kinds.arrow"));
  const result = await sampleBytes("a.arrow", original, { limits: { recordBytes: 10 } });
  expect(result).toMatchObject({ kind: "none", reason: expect.stringContaining("dictionaries") });
});

test("a buffer that is a bomb ends in a limit", async () => {
  const table = { word: [few["name"]![0], () => "x".repeat(20 * MIB)] } as const;
  const limits = { recordBytes: 40 * MIB, ratio: 100 };
  const result = await sampleBytes("a.arrow", arrowOf("file", table, [1], "zstd"), { limits });
  expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
});

test("values are shown by their types", async () => {
  const { columns, rows } = await decodeArrow(readFileSync(join(fixtures, "kinds.arrow")), 2);
  const cells = Object.fromEntries(
    columns.map(({ name, type }, i) => [name, [type, ...rows.map((row) => cellOf(row[i]))]]),
  );
  expect(cells).toMatchObject({
    id: ["int32", "0", "1"],
    name: ["utf8", null, "name 1"],
    none: ["null", null, null],
    bool: ["bool", null, "false"],
    byte: ["int8", "-64", "-63"],
    long: ["int64", "-9223372036854775808", "-9223372036854775807"],
    unsigned: ["uint64", "18446744073709551615", "18446744073709551614"],
    float: ["float32", "0", "0.5"],
    bytes: ["binary", "", "0x01"],
    fixed: ["fixed_size_binary[3]", null, "0x010201"],
    decimal: ["decimal(20, 2)", "0.00", "0.01"],
    day: ["date", "1970-01-01", "1970-01-02"],
    date: ["date", "1970-01-01", "1970-01-02"],
    time: ["time", "00:00:00", "00:00:01"],
    duration: ["duration", "0 ms", "1 ms"],
    word: ["utf8", null, "w1"],
    list: ["list", null, "[]"],
    pair: ["fixed_size_list", "[0,1]", "[1,2]"],
    map: ["map", '{"k0":0}', '{"k1":1}'],
    struct: ["struct", null, '{"a":1,"b":"b1"}'],
  });
});
