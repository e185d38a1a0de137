import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { takeSample } from "../../src/view/take-sample.ts";
import { defaultLimits, memorySource, sampleOf } from "../helpers/sample.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/unknown");

async function description(name: string): Promise<Record<string, unknown>> {
  const { bytes } = await sampleOf(name, readFileSync(join(fixtures, name)));
  return JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
}

/** The description of a file that has no sample, since its first row is too large. */
async function descriptionOf(name: string, path: string): Promise<Record<string, unknown>> {
  const source = memorySource(name, readFileSync(join(fixtures, path)));
  const { signal } = new AbortController();
  const limits = { ...defaultLimits, bytes: 1, recordBytes: 1 };
  const sample = await takeSample({ source, limits, signal, depth: 0, extensions: {} });
  return JSON.parse(sample.bytes.toString()) as Record<string, unknown>;
}

test("of an Arrow file that has no sample, rows and columns are told", async () => {
  expect(await descriptionOf("a.arrow", "../arrow/ordinary.arrow")).toMatchObject({
    mediaType: "application/vnd.apache.arrow.file",
    reason: "a row is larger than 1 bytes",
    rows: 3,
    columns: [
      { name: "id", type: "int32" },
      { name: "name", type: "utf8" },
    ],
  });
});

test("of an Arrow file in a codec, that is told, too", async () => {
  expect(await descriptionOf("a.feather", "../arrow/zstd.feather")).toMatchObject({
    codec: "zstd",
  });
});

test("of an Arrow stream that has no sample, columns are told", async () => {
  const { columns, rows } = await descriptionOf("a.arrows", "../arrow/ordinary.arrows");
  expect(columns).toHaveLength(2);
  expect(rows).toBeUndefined();
});

test.each([
  ["ordinary.orc", "none"],
  ["zstd.orc", "zstd"],
  ["encrypted.orc", "none"],
])(
  "of an ORC file that has no sample, rows, columns and codec are told: %s",
  async (name, codec) => {
    const { rows, codec: told, columns } = await descriptionOf(name, `../orc/${name}`);
    expect(rows).toBeGreaterThan(0);
    expect(told).toBe(codec);
    expect((columns as object[]).slice(0, 2)).toEqual([
      { name: "id", type: "bigint" },
      { name: "name", type: "string" },
    ]);
  },
);

test("of a SQLite database, the tables are told, with rows where these are on one page", async () => {
  const { tables, ...rest } = await descriptionOf("tables.sqlite", "../sqlite/tables.sqlite");
  expect(rest).toMatchObject({
    pageBytes: 512,
    encoding: "utf8",
    reason: expect.stringContaining("sqlite_autoindex_keys_2"),
  });
  expect(tables).toMatchObject([
    {
      name: "orders",
      rows: 3,
      columns: [
        { name: "id", type: "integer" },
        { name: 'na"me', type: "varchar(20)" },
        { name: "price", type: "decimal(10,2)" },
        { name: "any thing", type: "" },
      ],
    },
    { name: "keys", rows: 0, columns: [{ name: "key", type: "text" }, { name: "value" }] },
    { name: "wide", rows: 0, columns: { length: 40 } },
    { name: "many", columns: [{ name: "n", type: "int" }] },
  ]);
  expect(tables).toHaveLength(4);
  expect((tables as object[])[3]).not.toHaveProperty("rows");
});

test("of a binary spreadsheet, the sheets are told, and how large they say they are", async () => {
  expect(await description("sheets.xlsb")).toMatchObject({
    sheets: ["Orders", "Möre"],
    tables: [{ name: "Orders", rows: 22, columns: 5 }, { name: "Möre" }],
  });
});

test("of a spreadsheet of Excel 97, the sheets are told, and how large they say they are", async () => {
  expect(await description("sheets.xls")).toMatchObject({
    sheets: ["Orders", "Ωmeg"],
    tables: [{ name: "Orders", rows: 30, columns: 4 }, { name: "Ωmeg" }],
  });
});

test("of a spreadsheet in OpenDocument, the sheets are told that its settings name", async () => {
  expect(await description("sheets.ods")).toMatchObject({ sheets: ["Orders", "R&D"] });
});

test("of a spreadsheet that has no sample, the sheets are told", async () => {
  const bytes = readFileSync(join(fixtures, "../xlsx/utf-16.xlsx"));
  const source = memorySource("utf-16.xlsx", bytes);
  const { signal } = new AbortController();
  const limits = defaultLimits;
  const sample = await takeSample({ source, limits, signal, depth: 0, extensions: {} });
  expect(JSON.parse(sample.bytes.toString())).toMatchObject({
    reason: "a sheet is not UTF-8",
    sheets: ["Orders", "R&D"],
  });
});

test.each([
  ["a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["a.jar", "application/java-archive"],
])("a zip that is a document or package is told by its own type: %s", async (name, mediaType) => {
  const { bytes, summary } = await sampleOf(name, zipOf([{ name: "a", data: "x" }]));
  expect(JSON.parse(bytes.toString())).toMatchObject({ mediaType });
  expect(summary.reason).toBe(`no samples of ${mediaType}`);
});

test("a package without a media type of its own is a zip, of which there is no sample", async () => {
  const { bytes, summary } = await sampleOf("a.whl", zipOf([{ name: "a", data: "x" }]));
  expect(JSON.parse(bytes.toString())).toMatchObject({ mediaType: "application/zip" });
  expect(summary.reason).toBe("no samples of .whl files");
});

test("of a damaged file, it is told why there are no facts", async () => {
  const path = join(fixtures, "cut-off.h5");
  const { summary } = await sampleOf("cut-off.h5", readFileSync(path));
  expect(summary.warnings).toEqual([expect.stringContaining("cannot be told")]);
});
