import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { sampleOf } from "../helpers/sample.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/unknown");

async function description(name: string): Promise<Record<string, unknown>> {
  const { bytes } = await sampleOf(name, readFileSync(join(fixtures, name)));
  return JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
}

test("of an Arrow file, rows and columns are told", async () => {
  expect(await description("table.arrow")).toMatchObject({
    mediaType: "application/vnd.apache.arrow.file",
    rows: 3,
    columns: [
      { name: "id", type: "int32" },
      { name: "price", type: "float64" },
    ],
  });
});

test("of an Arrow stream, columns are told", async () => {
  const { columns, rows } = await description("stream.arrows");
  expect(columns).toHaveLength(2);
  expect(rows).toBeUndefined();
});

test.each([
  ["plain.orc", "none"],
  ["zlib.orc", "zlib"],
])("of an ORC file, rows, columns and codec are told: %s", async (name, codec) => {
  expect(await description(name)).toMatchObject({
    rows: 7,
    codec,
    columns: [
      { name: "id", type: "bigint" },
      { name: "name", type: "string" },
    ],
  });
});

test("of a spreadsheet, the sheets are told", async () => {
  expect(await description("orders.xlsx")).toMatchObject({ sheets: ["Orders", "R&D"] });
});

test.each([
  ["a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
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
  const { summary } = await sampleOf("cut-tail.orc", readFileSync(join(fixtures, "cut-tail.orc")));
  expect(summary.warnings).toEqual([expect.stringContaining("cannot be told")]);
});
