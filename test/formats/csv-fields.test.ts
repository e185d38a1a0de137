import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvFields, fieldValue } from "../../src/formats/csv/fields.ts";
import { dialectOf } from "../../src/formats/csv/dialect.ts";
import { encodingOf } from "../../src/lib/encoding.ts";

const comma = { delimiter: 0x2c, escapes: false, headerAt: 0 };

/** The records of a text as lists of values, and its flaw. */
function valuesOf(text: string, dialect = comma): { records: string[][]; flaw: unknown } {
  const bytes = Buffer.from(text);
  const fields = csvFields(bytes, dialect, encodingOf(bytes));
  const { starts, ends, records, flaw } = fields;
  const values = starts.map((start, i) =>
    fieldValue(bytes, start, ends[i] as number, fields, (part) => Buffer.from(part).toString()),
  );
  return { records: records.slice(1).map((end, i) => values.slice(records[i], end)), flaw };
}

describe("fields are", () => {
  test.each<[string, string, string[][]]>([
    [
      "split at delimiters and line ends",
      "a,b\r\n1,\n",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      "unquoted",
      '"a","b ""c"""\n"1\n2",3',
      [
        ["a", 'b "c"'],
        ["1\n2", "3"],
      ],
    ],
    ["not opened within a field", 'a"b,c\n', [['a"b', "c"]]],
    ["behind a byte order mark", '\ufeff"a",b\n', [["a", "b"]]],
    ["not those of blank lines", "\n\r\na\n\nb\n\n", [["a"], ["b"]]],
    ["spaces", "a\n  \n", [["a"], ["  "]]],
    ["empty", ',\n""\n', [["", ""], [""]]],
    [
      "ended by lone carriage returns",
      "a,b\r1,2\r3,4",
      [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    [
      "with backslashes",
      'id,n\n1,"a \\"b\\", c"\n',
      [
        ["id", "n"],
        ["1", 'a "b", c'],
      ],
    ],
    ["with a backslash before the end", '"C:\\",x\n', [["C:\\", "x"]]],
  ])("%s", (_, text, records) => {
    expect(valuesOf(text)).toEqual({ records, flaw: undefined });
  });

  test("below what stands above the header", () => {
    const text = "# a, b\nx;y\n1;2\n";
    const dialect = dialectOf("a.csv", Buffer.from(text), encodingOf(Buffer.from(text)));
    expect(valuesOf(text, dialect).records).toEqual([
      ["x", "y"],
      ["1", "2"],
    ]);
  });

  test("the same as csv-parse finds, for any values", () => {
    const value = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", " ", "é"), maxLength: 6 });
    const quoted = value.map((text) => `"${text.replaceAll('"', '""')}"`);
    const plain = fc.string({
      unit: fc.constantFrom("a", "1", " ", "é"),
      minLength: 1,
      maxLength: 6,
    });
    const row = fc.array(fc.oneof(quoted, plain), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.constantFrom("\n", "\r\n"), (rows, end) => {
        const text = rows.map((fields) => fields.join(",")).join(end);
        const read = parse(text, {
          relax_column_count: true,
          record_delimiter: ["\r\n", "\n"],
        }) as string[][];
        expect(valuesOf(text).records).toEqual(read);
      }),
    );
  });
});

describe("a flaw is told", () => {
  test.each([
    ["of a quote that is not closed", 'a,b\n1,"2\n3', "a quote is not closed", 1],
    ["of text behind a quote", 'a,b\n"1"x,2\n', "text follows a closing quote", 2],
  ])("%s", (_, text, flaw, records) => {
    const found = valuesOf(text);
    expect(found.flaw).toBe(flaw);
    expect(found.records).toHaveLength(records);
  });
});
