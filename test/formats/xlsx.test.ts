import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { row, workbook } from "../../fixtures/xlsx-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { decodeSheets } from "../../src/decode/xlsx.ts";
import { openZip } from "../../src/formats/zip/reader.ts";
import {
  defaultLimits,
  memorySource,
  sampleBytes,
  sampleOf,
  sampleSource,
} from "../helpers/sample.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/xlsx");
const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** The parts of a sample, by name, unpacked. */
async function partsOf(bytes: Buffer): Promise<Map<string, string>> {
  const parts = new Map<string, string>();
  const archive = await openZip(async (start, end) => bytes.subarray(start, end), bytes.length);
  for await (const entry of archive.entries()) {
    const pieces: Uint8Array[] = [];
    for await (const piece of archive.stored(entry)) pieces.push(piece);
    const stored = Buffer.concat(pieces);
    parts.set(entry.name, (entry.method === 8 ? inflateRawSync(stored) : stored).toString());
  }
  return parts;
}

async function fixtureParts(name: string): Promise<Map<string, string>> {
  const { bytes } = await sampleOf(name, readFileSync(join(fixtures, name)));
  return partsOf(bytes);
}

/** A sheet's values as text, a list for each row. */
async function valuesOf(bytes: Uint8Array, sheet = 0): Promise<string[][]> {
  const sheets = await decodeSheets(bytes, defaultLimits, never);
  const rows = sheets[sheet]?.rows ?? [];
  return rows.map((cells) => [...cells.values()].map(({ text }) => text));
}

describe("a sheet that is cut", () => {
  test("has the values of the first rows", async () => {
    const original = readFileSync(join(fixtures, "rows-101.xlsx"));
    const { bytes } = await sampleOf("a.xlsx", original);
    const values = await valuesOf(bytes);
    expect(values).toHaveLength(100);
    expect(values[99]).toEqual(["98", "name 86 & more", "24.5"]);
    expect(values).toEqual((await valuesOf(original)).slice(0, 100));
  });

  test("says the range that it has, and ends after its rows", async () => {
    const sheet = (await fixtureParts("rows-101.xlsx")).get("xl/worksheets/sheet1.xml");
    expect(sheet).toContain('<dimension ref="A1:C100"/>');
    expect(sheet).toMatch(/<row r="100">.*<\/row><\/sheetData><\/worksheet>$/);
  });

  test("closes tags that have a prefix by their names", async () => {
    const sheet = (await fixtureParts("prefixed.xlsx")).get("xl/worksheets/sheet1.xml");
    expect(sheet).toMatch(/<\/x:row><\/x:sheetData><\/x:worksheet>$/);
  });

  test("carries the strings of its own rows, and of no others", async () => {
    const strings = Array.from({ length: 9 }, (_, i) => `<si><t>secret ${i}</t></si>`);
    const rows = [7, 2, 5].map((index, i) => row(i + 1, [[index]])).join("");
    const original = workbook({ sheets: [{ name: "S", rows }], strings });
    const { bytes } = await sampleOf("a.xlsx", original, { limits: { rows: 2 } });
    const kept = (await partsOf(bytes)).get("xl/sharedStrings.xml");
    expect(kept).toMatch(
      /<sst xmlns="[^"]+"><si\/><si\/><si><t>secret 2<\/t><\/si>(<si\/>){4}<si><t>secret 7<\/t><\/si><\/sst>$/,
    );
    expect(await valuesOf(bytes)).toEqual([["secret 7"], ["secret 2"]]);
  });

  test("has as many rows as bytes allow, with the strings in them", async () => {
    const strings = Array.from({ length: 50 }, (_, i) => `<si><t>${"x".repeat(1000)}${i}</t></si>`);
    const rows = strings.map((_, i) => row(i + 1, [[i]])).join("");
    const original = workbook({ sheets: [{ name: "S", rows }], strings });
    const { summary } = await sampleOf("a.xlsx", original, { limits: { bytes: 10_000 } });
    expect(summary).toMatchObject({ rows: 9, cut: "bytes", complete: false });
  });

  test("leaves room for the sheets after it", async () => {
    const sheets = ["A", "B"].map((name) => ({
      name,
      rows: Array.from({ length: 20 }, (_, i) => row(i + 1, ["x".repeat(1000)])).join(""),
    }));
    const original = workbook({ sheets });
    const { bytes } = await sampleOf("a.xlsx", original, { limits: { bytes: 10_000 } });
    expect([(await valuesOf(bytes, 0)).length, (await valuesOf(bytes, 1)).length]).toEqual([4, 5]);
  });

  test("does not count rows without values", async () => {
    const rows = `<row r="1" ht="20"/><row r="2"><c r="A2" s="1"/></row>${row(3, [1])}${row(4, [2])}`;
    const original = workbook({ sheets: [{ name: "S", rows }] });
    const { bytes, summary } = await sampleOf("a.xlsx", original, { limits: { rows: 1 } });
    expect(summary).toMatchObject({ rows: 1, cut: "rows" });
    expect(await valuesOf(bytes)).toEqual([["1"]]);
  });
});

describe("a workbook of which a sheet is cut", () => {
  test("has the parts that its rows need, and no others", async () => {
    const parts = await fixtureParts("furnished-long.xlsm");
    expect([...parts.keys()]).toEqual([
      "[Content_Types].xml",
      "_rels/.rels",
      "xl/workbook.xml",
      "xl/_rels/workbook.xml.rels",
      "xl/styles.xml",
      "xl/worksheets/sheet1.xml",
      "xl/worksheets/sheet2.xml",
      "xl/worksheets/_rels/sheet2.xml.rels",
      "xl/sharedStrings.xml",
      "xl/chartsheets/sheet1.xml",
      "xl/externalLinks/externalLink1.xml",
    ]);
  });

  test("names no part that it does not have", async () => {
    const parts = await fixtureParts("furnished-long.xlsm");
    for (const name of ["[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/workbook.xml"]) {
      expect(parts.get(name)).not.toMatch(/calcChain|vbaProject|pivotCache|extLst/);
    }
  });

  test("has an empty sheet in place of a chart", async () => {
    const parts = await fixtureParts("furnished-long.xlsm");
    expect(parts.get("xl/chartsheets/sheet1.xml")).toMatch(/^<worksheet .*<sheetData\/>/);
    expect(parts.get("xl/_rels/workbook.xml.rels")).toContain('/worksheet" Target="chartsheets');
    expect(parts.get("[Content_Types].xml")).not.toContain("chartsheet+xml");
  });

  test("keeps other sheets with what follows their rows, but for what leads to other parts", async () => {
    const parts = await fixtureParts("furnished-long.xlsm");
    const sheet = parts.get("xl/worksheets/sheet2.xml");
    expect(sheet).toMatch(/<\/sheetData><mergeCells.*<hyperlink ref="A2" r:id="rId1"\/>/);
    expect(sheet).not.toMatch(/drawing|pageSetup/);
    expect(parts.get("xl/worksheets/_rels/sheet2.xml.rels")).toMatch(
      /^((?!printer|drawing).)*example.org((?!printer|drawing).)*$/s,
    );
  });

  test("has a warning for what is left out", async () => {
    const bytes = readFileSync(join(fixtures, "furnished-long.xlsm"));
    const { summary } = await sampleOf("a.xlsm", bytes);
    expect(summary.warnings).toEqual([
      "left out: images and other media, drawings, pivot tables, macros",
      expect.stringContaining("merged cells"),
    ]);
  });
});

test("a workbook without long sheets is cut where its other parts are large", async () => {
  const original = workbook({
    sheets: [{ name: "S", rows: row(1, [1]) }],
    parts: [{ name: "xl/media/image1.png", data: Buffer.alloc(2 * MIB) }],
  });
  const { bytes, summary } = await sampleOf("a.xlsx", original);
  expect(summary).toMatchObject({ rows: 1, cut: "bytes", complete: false });
  expect(summary.warnings).toEqual(["left out: images and other media"]);
  expect(bytes.length).toBeLessThan(5000);
});

test("of a large workbook no more is read than the sample needs", async () => {
  const strings = Array.from({ length: 100_000 }, (_, i) => `<si><t>${i * 7919}</t></si>`);
  const rows = strings.map((_, i) => row(i + 1, [i, [i], (i * 31) % 977])).join("");
  const source = memorySource("a.xlsx", workbook({ sheets: [{ name: "S", rows }], strings }));
  expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
  expect(source.size).toBeGreaterThan(MIB);
  expect(source.readBytes()).toBeLessThan(MIB / 2);
});

describe("what is hostile ends in a limit or has no sample", () => {
  test("a sheet that is a bomb", async () => {
    const rows = `<row r="1"><c><v>${" ".repeat(10 * MIB)}1</v></c></row>`;
    const limits = { ratio: 100, recordBytes: 40 * MIB };
    const result = await sampleBytes("a.xlsx", workbook({ sheets: [{ name: "S", rows }] }), {
      limits,
    });
    expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });

  test("a table of strings that is a bomb", async () => {
    const sheets = [{ name: "S", rows: row(1, [[1]]) }];
    const strings = [`<si><t>${"x".repeat(10 * MIB)}</t></si>`, "<si/>"];
    const limits = { ratio: 100, recordBytes: 40 * MIB };
    const result = await sampleBytes("a.xlsx", workbook({ sheets, strings }), { limits });
    expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });

  test.each([
    ["a row above the limit", `<row><c><v>${"1".repeat(9 * MIB)}</v></c></row>`],
    ["a tag without an end", `<row><c t="${"<".repeat(9 * MIB)}`],
    ["a comment without an end", `<!-- ${"<row>".repeat(MIB)}`],
  ])("%s", async (_, rows) => {
    const original = workbook({ sheets: [{ name: "S", rows }] });
    expect(await sampleBytes("a.xlsx", original)).toMatchObject({ kind: "none" });
  });

  test("a first row with a string above the limit", async () => {
    const sheets = [{ name: "S", rows: row(1, [[0]]) }];
    const strings = [`<si><t>${randomBytes(5 * MIB).toString("hex")}</t></si>`];
    const result = await sampleBytes("a.xlsx", workbook({ sheets, strings }));
    expect(result).toMatchObject({ kind: "none", reason: expect.stringContaining("larger than") });
  });

  test("relationships and parts of a workbook that do not end", async () => {
    const rels = "<Relationship>".repeat(250_000);
    const book = "<pivotCaches><extLst>".repeat(150_000);
    const members = [
      { name: "xl/workbook.xml", data: `<workbook>${book}`, method: 8 },
      { name: "xl/_rels/workbook.xml.rels", data: rels, method: 8 },
    ];
    const limits = { ratio: 100_000 };
    expect(await sampleBytes("a.xlsx", zipOf(members), { limits })).toMatchObject({
      kind: "sample",
    });
  });

  test("a later sheet with a large row has none", async () => {
    const sheets = ["A", "B"].map((name) => ({ name, rows: row(1, ["x".repeat(5000)]) }));
    const { bytes, summary } = await sampleOf("a.xlsx", workbook({ sheets }), {
      limits: { bytes: 8000 },
    });
    expect(summary).toMatchObject({ rows: 1, cut: "bytes" });
    expect([(await valuesOf(bytes, 0)).length, (await valuesOf(bytes, 1)).length]).toEqual([1, 0]);
  });

  test("more parts than a document has", async () => {
    const members = Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}` }));
    const result = await sampleBytes("a.xlsx", zipOf(members));
    expect(result).toEqual({ kind: "none", reason: "more than 10000 parts" });
  });

  test("indexes of strings that there are not are kept as they are", async () => {
    const sheets = [{ name: "S", rows: row(1, [[4_000_000_000]]) + row(2, [1]) }];
    const original = workbook({ sheets, strings: ["<si/>"] });
    const { bytes, summary } = await sampleOf("a.xlsx", original, { limits: { rows: 1 } });
    expect(summary).toMatchObject({ rows: 1, cut: "rows" });
    expect((await partsOf(bytes)).get("xl/sharedStrings.xml")).toMatch(/"><\/sst>$/);
  });
});

test("values are shown by their types and formats", async () => {
  const [sheet] = await decodeSheets(
    readFileSync(join(fixtures, "kinds.xlsx")),
    defaultLimits,
    never,
  );
  const cells = sheet?.rows.map((row_) =>
    [...row_].map(([at, { text, kind }]) => [at, text, kind]),
  );
  expect(cells).toEqual([
    [
      [0, "1", "integer"],
      [2, "true", "boolean"],
      [3, "yes", "text"],
      [4, "#DIV/0!", "text"],
      [5, "2024-01-01", "date"],
      [6, "2024-01-01T12:00:00", "timestamp"],
    ],
    [[0, "rich text\r", "text"]],
  ]);
});
