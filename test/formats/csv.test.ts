import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvScanner } from "../../src/formats/csv/csv.ts";
import { encodingOf } from "../../src/lib/encoding.ts";
import { sampleOf } from "../helpers/sample.ts";

const comma = { delimiter: 0x2c, escapes: false, headerAt: 0 };

/** Records as texts; the rest is last. */
function recordsOf(text: string, chunk = text.length): string[] {
  const bytes = Buffer.from(text);
  const scanner = csvScanner(encodingOf(bytes), comma, () => undefined);
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

describe("with one row wanted, a sample ends after the first record", () => {
  const marks = ["~", "^", ":", " ", "\u0001", "\u001f"] as const;
  test.each([
    ["where later fields hold commas", 'id;text\n1;"x\ny"\n', "2;Hi, a, b, c, d\n"],
    ["where fields hold lists", 'id,tags,note\n1,a|b|c|d|e|f|g,"x\ny"\n', "2,h|i,z\n"],
    ["where titles have commas", 'id\tname\tnote\n1\tM, Hans, Dr., X\t"x\ny"\n', "2\tz\tz\n"],
    ["where quoted names hold others", '"a;b;c","d"\n"1;2\n3",x\n', "4,y\n"],
    ["below comments", '# by, x, y, z, on, 2024\n#\n\nid;note\n1;"a\nb"\n', "2;c\n"],
    ["below a comment with a quote", '# by,"x\nid,note\n1,"a\nb"\n', "2,c\n"],
    ["below a header that begins with #", '# all\n#id,note\n1,"a\nb"\n', "2,c\n"],
    ["below sep=;", 'sep=;\nid,x;note,y\n1;"a\nb"\n', "2;c\n"],
    ["with quotes after backslashes", 'id,note\n1,"a \\"b\\", c\nd"\n', "2,x\n"],
    ["with a line end after a backslash", 'id,note,x\n1,"\\"b\\"",c\\\nd\n', "2,x,\n"],
    ["with backslashes before ends of fields", 'id,dir\n"C:\\","x\ny"\n', '"D:\\",x\n'],
    ["with a header longer than what votes", `${"a,".repeat(4000)};\n"x\ny",1\n`, "2,3\n"],
    ...marks.map((mark): [string, string, string] => [
      `with ${JSON.stringify(mark)} between fields`,
      `id${mark}note\n1${mark}"x, z\ny"\n`,
      `2${mark}z\n`,
    ]),
  ])("%s", async (_, kept, rest) => {
    const options = { limits: { rows: 1 } };
    const { bytes, summary } = await sampleOf("a.csv", kept + rest, options);
    expect(bytes.toString()).toBe(kept);
    expect(summary).toMatchObject({ rows: 1, cut: "rows", warnings: [] });
    expect(await sampleOf("a.csv", kept + rest, { ...options, chunk: 1 })).toMatchObject({
      bytes,
      summary,
    });
    const again = await sampleOf("a.csv", bytes, options);
    expect(again.bytes.equals(bytes)).toBe(true);
    expect(again.summary).toMatchObject({ rows: 1, complete: true });
  });

  test("below titles, which are warned of", async () => {
    const text = 'Report, by x\n2024\n\nid;note;n\n1;"a\nb";1\n2;c;1\n3;d;1\n';
    const { bytes, summary } = await sampleOf("a.csv", text, { limits: { rows: 1 } });
    expect(bytes.toString()).toBe(text.slice(0, text.indexOf("2;c")));
    expect(summary).toMatchObject({ rows: 1, warnings: [expect.stringContaining("titles")] });
  });

  test("where escapes are found only far into the file", async () => {
    const plain = `id,note\n${"1,xxxxxxxx\n".repeat(900)}`;
    const text = `${plain}2,"say \\"x\\", c\nd"\n`;
    const { bytes } = await sampleOf("a.csv", `${text}3,y\n`, { limits: { rows: 901 } });
    expect(bytes.toString()).toBe(text);
  });
});

test("where two delimiters fit and records end elsewhere, the receipt warns", async () => {
  const text = 'a,b;c\n1,2;"x\n3,4;y"\n5,6;z\n';
  const { summary } = await sampleOf("a.csv", text);
  expect(summary.warnings).toEqual([expect.stringContaining("the delimiter is not certain")]);
  const same = await sampleOf("a.csv", "a,b;c\n1,2;x\n");
  expect(same.summary.warnings).toEqual([]);
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
