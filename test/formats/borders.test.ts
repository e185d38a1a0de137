import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { textsInCsv } from "../../fixtures/texts-in-csv.ts";
import { certainBorder, readStrictly } from "../../src/formats/csv/strict.ts";
import { probeBorders } from "../helpers/probe-borders.ts";

/** Files of the corpus with line ends in quotes that a reader takes whole, and large enough to be probed. */
const CORPUS = "/work/shared/corpus/csv";
const quoted = [
  "adaltas+node-csv/265.tubs.csv",
  "dathere+qsv/utf8-japanesedata.csv",
  "dathere+qsv/utf8-japanesedata-stats-everything.csv",
  "duckdb+duckdb/quotednewlines.csv",
  "duckdb+duckdb/24.csv",
  "frictionlessdata+frictionless-py/issue-1066-largecellsize.csv",
  "frictionlessdata+frictionless-py/issue-1066-smallcellsize.csv",
  "frictionlessdata+frictionless-py/issue-493.csv",
  "max-mapper+csv-spectrum/newlines.csv",
];
/** Offsets in each file; `npm run borders` tries more of them, in all files. */
const OFFSETS = 150;

const shape = { delimiter: 0x2c, fields: 2, hasLinesInQuotes: true };
const borderIn = (text: string, some = {}) =>
  certainBorder(Buffer.from(text), { ...shape, ...some });

describe("of two readings one has to be refuted, and the other to fit three records", () => {
  const three = '1,"a"\n2,b\n3,c\n';
  test.each([
    ["outside", `x,y\n${three}`, 4],
    ["in a quoted cell", `text,\nmore"\n${three}`, 12],
    ["after the quote that opens", `"text\n,1"\n${three}`, 10],
    ["at the quote that closes", `",b\n${three}`, 4],
    ["between two quotes that are one", `"said\n"", x"\n${three}`, 13],
    ["between CR and LF", `\n${three.replaceAll("\n", "\r\n")}`, 1],
    ["before blank lines", `x\n\n\n${three}`, 2],
  ])("%s", (_, text, border) => {
    expect(borderIn(text)).toBe(border);
  });

  test.each([
    ["two records", "x\n1,2\n3,4\n5,"],
    ["nothing but quotes", '""""""'],
    ["a quote within a field on both sides", 'a"b\nc"d\n1,2\n3,4\n5,6\n'],
    ["another number of fields", 'x\n1,"2"\n3,4,5\n6,7\n8,9\n10,11\n'],
    ["no quote at all, where cells have several lines", "x\n1,2\n3,4\n5,6\n"],
    ["a lone CR", 'x\n1,"2"\n3,4\r5,6\n7,8\n9,10\n'],
    ["nothing", ""],
  ])("none is certain: %s", (_, text) => {
    expect(borderIn(text)).toBeUndefined();
  });

  test("no quote at all, where no cell of the head has several lines", () => {
    expect(borderIn("x\n1,2\n3,4\n5,6\n", { hasLinesInQuotes: false })).toBe(2);
  });
});

test("a strict reading knows fields, ends of records, and line ends in quotes", () => {
  const text = 'id,x\n\n1,"a\nb"\r\n2,""\n3,half';
  expect(readStrictly(Buffer.from(text), "record", { delimiter: 0x2c, fields: 0 })).toEqual({
    border: 0,
    ends: [5, 15, 20],
    fields: 2,
    hasLinesInQuotes: true,
    isOpen: false,
  });
});

describe("no border from the middle is wrong, says csv-parse", () => {
  test.each(textsInCsv().map(({ name, bytes }) => [name, bytes] as const))("%s", (name, bytes) => {
    const probe = probeBorders(name, bytes, OFFSETS);
    expect(probe).toMatchObject({ offsets: OFFSETS, wrong: 0 });
    expect((probe as { readonly refused: number }).refused).toBeLessThan(OFFSETS);
  });

  test.each(quoted.map((path) => [path, join(CORPUS, path)] as const))("%s", (path, file) => {
    if (!existsSync(file)) return console.log(`not tried: ${file} is not there`);
    const bytes = readFileSync(file);
    const offsets = Math.min(OFFSETS, bytes.length - 1);
    const probe = probeBorders(path, bytes, offsets);
    if (typeof probe !== "string") expect(probe).toMatchObject({ offsets, wrong: 0 });
  });
});
