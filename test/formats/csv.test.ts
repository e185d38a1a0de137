import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvScanner } from "../../src/formats/csv.ts";
import { encodingOf } from "../../src/lib/encoding.ts";
import { sampleOf } from "../helpers/sample.ts";

/** Where records end, as their texts; what is left over last. */
function recordsOf(text: string, chunk = text.length): string[] {
  const bytes = Buffer.from(text);
  const scanner = csvScanner(encodingOf(bytes), 0x2c, () => undefined);
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    const part = bytes.subarray(at, at + chunk);
    for (let end = scanner.next(part, 0); end >= 0; end = scanner.next(part, end))
      ends.push(at + end);
  }
  if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end).toString());
}

describe("a record ends", () => {
  test.each([
    ["at a line end", "a,b\nc,d\n", ["a,b\n", "c,d\n"]],
    ["after CRLF", "a\r\nb\r\n", ["a\r\n", "b\r\n"]],
    ["after a lone CR where most lines do", "a\rb\rc\n", ["a\r", "b\r", "c\n"]],
    ["not at a lone CR where others end with LF", "a\rb\nc\n", ["a\rb\n", "c\n"]],
    ["not inside quotes", 'a,"b\nc"\nd\n', ['a,"b\nc"\n', "d\n"]],
    ["not inside quotes with doubled quotes", '"a""\n""b"\nc\n', ['"a""\n""b"\n', "c\n"]],
    ["in spite of a quote in mid-field", 'a"b\nc"d\n', ['a"b\n', 'c"d\n']],
    ["after text behind a closing quote", '"a"b\nc\n', ['"a"b\n', "c\n"]],
    ["with the blank lines before it", "\n\na\n\nb\n", ["\n\na\n", "\nb\n"]],
    ["after an empty quoted field", '""\na\n', ['""\n', "a\n"]],
    ["behind a BOM and a quote", '\ufeff"a\nb"\nc\n', ['\ufeff"a\nb"\n', "c\n"]],
  ])("%s", (_, text, records) => {
    expect(recordsOf(text)).toEqual(records);
    expect(recordsOf(text, 1)).toEqual(records);
  });
});

describe("a quote that stays open", () => {
  test("is read as plain lines from its record on, with a warning", async () => {
    const { summary } = await sampleOf("a.csv", 'h\na\n"b\nc\nd\n', { limits: { rows: 3 } });
    expect(summary).toMatchObject({
      rows: 3,
      cut: "rows",
      warnings: [expect.stringContaining("quote")],
    });
  });

  test.each([1024 * 1024 - 10, 1024 * 1024 + 10])(
    "for %i bytes is one up to 1 MiB",
    async (length) => {
      const text = `h\n"${"x\n".repeat(length / 2)}"\nlast\n`;
      const asOne = await sampleOf("a.csv", text);
      const inParts = await sampleOf("a.csv", text, { chunk: 1000 });
      expect(inParts).toEqual(asOne);
      expect(asOne.summary.warnings).toHaveLength(length < 1024 * 1024 ? 0 : 1);
    },
  );
});

describe("the sample of any CSV", () => {
  const field = fc.string({
    unit: fc.constantFrom("a", "b", '"', ",", "\n", "\r\n", "é", " ", "😀"),
  });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1 }),
    );
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  test("has the first records that csv-parse sees", async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, n, chunk) => {
          const text = rows.map((row) => `${row.map(quote).join(",")}\n`).join("");
          const { bytes, summary } = await sampleOf("a.csv", text, { limits: { rows: n }, chunk });
          const kept = parse(bytes, { record_delimiter: "\n" });
          expect(kept).toEqual(parse(text, { record_delimiter: "\n" }).slice(0, n + 1));
          expect(summary.rows).toBe(kept.length - 1);
        },
      ),
    );
  });
});
