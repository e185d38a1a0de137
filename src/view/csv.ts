import { CsvError, parse } from "csv-parse/sync";
import { forgetFields } from "../checks/sample-fields.ts";
import { csvShape } from "../checks/shape/csv-shape.ts";
import { type Dialect, dialectOf } from "../formats/csv/dialect.ts";
import { encodingOf } from "../lib/encoding.ts";
import { counted } from "../lib/text.ts";
import { cut } from "../decode/cell.ts";
import { typeOfTexts } from "../decode/column-type.ts";
import { MAX_COLUMNS, rowsShown, tableOf, TYPED_ROWS } from "./table.ts";
import { type DecodedText, encodingFacts, linesOf, textOf } from "../decode/text-of.ts";
import type { Viewer } from "./viewer.ts";

const delimiterNames: Readonly<Record<string, string>> = {
  "\t": "tab",
  " ": "space",
  "\u0001": "U+0001",
  "\u001f": "U+001F",
};

/** Delimited text: a column for each field of the header. */
export const viewCsv: Viewer = ({ bytes, name, rows, counted }) => {
  const dialect = dialectOf(name, bytes, encodingOf(bytes));
  const decoded = textOf(bytes, dialect.headerAt);
  const { records, notes } = parseRecords(decoded, dialect);
  const [header = [], ...body] = records;
  const count = body.reduce((most, record) => Math.max(most, record.length), header.length);
  const most = rowsShown(count, rows);
  const typed = body.slice(0, Math.max(most, TYPED_ROWS));
  const columns = Array.from({ length: Math.min(count, MAX_COLUMNS) }, (_, i) => ({
    name: cut(header[i] || `(${i + 1})`),
    type: typeOfTexts(typed.map((record) => record[i]?.slice(0, MAX_TYPED) ?? null)),
  }));
  const shown = body
    .slice(0, most)
    .map((record) => columns.map((_, i) => (i < record.length ? cut(record[i] ?? "") : null)));
  const above = linesOf(textOf(bytes.subarray(0, dialect.headerAt))).length;
  const facts = [...dialectFacts(dialect, above), ...encodingFacts(decoded)];
  const all = counted ?? { rows: body.length };
  const table = tableOf({ columns, columnCount: count, rows: shown, counted: all, notes });
  const { header: names, dialect: spelled } = csvShape(name, bytes);
  forgetFields();
  const encoding = spelled["encoding"] ?? "other";
  const delimiter = String.fromCharCode(dialect.delimiter);
  const written = { delimiter, encoding, header: names !== "none", above };
  return { facts, tables: [table], warnings: decoded.warnings, written };
};

/** Characters of a text that may be a number; longer texts are none. */
const MAX_TYPED = 100;

/** Parses records; quotes that do not match are content. */
function parseRecords(
  { text, loneCr }: DecodedText,
  { delimiter, escapes }: Dialect,
): { readonly records: readonly (readonly string[])[]; readonly notes: readonly string[] } {
  const options = {
    delimiter: String.fromCharCode(delimiter),
    escape: escapes ? "\\" : '"',
    record_delimiter: loneCr ? ["\r\n", "\n", "\r"] : ["\r\n", "\n"],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
  };
  try {
    return { records: parse(text, options), notes: [] };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const notes = ["quotes do not match: shown as they are"];
    return { records: parse(text, { ...options, quote: false }), notes };
  }
}

/** Facts about how a text is written. */
function dialectFacts(
  { delimiter, escapes }: Dialect,
  above: number,
): (readonly [string, string])[] {
  const spelled = String.fromCharCode(delimiter);
  const lines = counted(above, "line");
  return [
    ["delimiter", delimiterNames[spelled] ?? spelled],
    ...(escapes ? ([["quotes", "escaped by backslashes"]] as const) : []),
    ...(above > 0 ? ([["above the header", lines]] as const) : []),
  ];
}
