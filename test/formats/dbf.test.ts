import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbfOf } from "../../fixtures/make-dbf.ts";
import { cellOf } from "../../src/decode/cell.ts";
import { decodeDbf } from "../../src/decode/dbf.ts";
import { sampleBytes, sampleOf } from "../helpers/sample.ts";

const HEADER_BYTES = 32 + 5 * 32 + 1;
const RECORD_BYTES = 37;

test("a cut table has its header with another number, its first records, and an end", async () => {
  const original = dbfOf(9);
  const { bytes, summary } = await sampleOf("a.dbf", original, { limits: { rows: 4 } });
  const end = HEADER_BYTES + 4 * RECORD_BYTES;
  expect(summary).toEqual({ format: "dbf", rows: 4, complete: false, cut: "rows", warnings: [] });
  expect(bytes.readUInt32LE(4)).toBe(4);
  expect(bytes.subarray(8, end).equals(original.subarray(8, end))).toBe(true);
  expect([...bytes.subarray(end)]).toEqual([0x1a]);
});

test("a table that is not cut is kept byte for byte", async () => {
  for (const original of [dbfOf(3), dbfOf(3).subarray(0, -1), dbfOf(0)]) {
    const { bytes } = await sampleOf("a.dbf", original);
    expect(bytes.equals(original)).toBe(true);
  }
});

test("records are fewer where they are large, but one is kept", async () => {
  const some = await sampleOf("a.dbf", dbfOf(9), { limits: { bytes: 100 } });
  expect(some.summary).toMatchObject({ rows: 2, cut: "bytes" });
  const one = await sampleOf("a.dbf", dbfOf(9), { limits: { bytes: 10 } });
  expect(one.summary).toMatchObject({ rows: 1, cut: "bytes" });
  expect(await sampleBytes("a.dbf", dbfOf(9), { limits: { recordBytes: 36 } })).toMatchObject({
    kind: "none",
  });
});

test("a header that says more records than there are is corrected, with a warning", async () => {
  const { bytes, summary } = await sampleOf("a.dbf", dbfOf(3, { told: 4_000_000_000 }));
  expect(bytes.readUInt32LE(4)).toBe(3);
  expect(summary).toMatchObject({
    rows: 3,
    complete: false,
    warnings: ["damaged or truncated: 3 of 4000000000 records are there"],
  });
});

test("it is read from the start, so a packed table has a sample, too", async () => {
  const packed = readFileSync(join(import.meta.dirname, "../../fixtures/dbf/packed.dbf.gz"));
  expect((await sampleOf("a.dbf.gz", packed)).summary).toMatchObject({
    format: "dbf.gz",
    rows: 100,
  });
});

test("values are shown by their types", () => {
  const { fields, rows, deleted } = decodeDbf(dbfOf(10), 10);
  expect(fields.map(({ name }) => name)).toEqual(["ID", "NAME", "PRICE", "DAY", "OK"]);
  expect(rows[1]?.map(cellOf)).toEqual(["1", "namé 1", "0.25", "2024-02-15", "false"]);
  expect(deleted).toBe(1);
  const foxpro = readFileSync(join(import.meta.dirname, "../../fixtures/dbf/foxpro.dbf"));
  expect(decodeDbf(foxpro, 1).rows[0]?.map(cellOf)).toEqual([
    "-7",
    "-1.2345",
    "2024-01-01T01:02:03",
    "0.5",
    null,
  ]);
});
