import { CsvError, parse } from "csv-parse/sync";
import { cut } from "./cell.ts";
import { typeOfTexts } from "./column-type.ts";
import { MAX_COLUMNS, rowsShown, tableOf, TYPED_ROWS } from "./table.ts";
import { type DecodedText, encodingFacts, textOf } from "./text-of.ts";
import type { Viewer } from "./viewer.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;
const delimiterNames: Readonly<Record<string, string>> = { "\t": "tab" };
/** Characters that vote for a delimiter. */
const VOTING_CHARACTERS = 4096;

/** Delimited text: a column for each field of the header. */
export const viewCsv: Viewer = ({ bytes, name, rows, counted }) => {
  const decoded = textOf(bytes);
  const delimiter = delimiterOf(name, decoded.text);
  const { records, notes } = parseRecords(decoded, delimiter);
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
  const facts = [
    ["delimiter", delimiterNames[delimiter] ?? delimiter],
    ...encodingFacts(decoded),
  ] as const;
  const all = counted ?? { rows: body.length };
  const table = tableOf({ columns, columnCount: count, rows: shown, counted: all, notes });
  return { facts, tables: [table], warnings: decoded.warnings };
};

/** Longer texts are no numbers. */
const MAX_TYPED = 100;

/** Quotes that make no sense as such are content. */
function parseRecords(
  { text, loneCr }: DecodedText,
  delimiter: string,
): { readonly records: readonly (readonly string[])[]; readonly notes: readonly string[] } {
  const options = {
    delimiter,
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

/** Tab and bar by extension, else the candidate seen most often outside quotes: as for sampling. */
function delimiterOf(name: string, text: string): string {
  if (/\.tsv\b/i.test(name)) return "\t";
  if (/\.psv\b/i.test(name)) return "|";
  const start = text.slice(0, VOTING_CHARACTERS).replace(/"[^"]*("|$)/g, "");
  const votes = DELIMITERS.map((delimiter) => start.split(delimiter).length);
  return DELIMITERS[votes.indexOf(Math.max(...votes))] as string;
}
