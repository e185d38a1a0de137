import { type CsvFields, csvFields, fieldValue } from "../formats/csv/fields.ts";
import { type Dialect, dialectOf } from "../formats/csv/dialect.ts";
import { decodeText, type Encoding, encodingOf } from "../lib/encoding.ts";
import { type Cell, type CellMask, maskCells } from "./cells.ts";
import { checkHeader, otherHeaders } from "./csv-header.ts";
import type { MaskedSample, ToMask } from "./masked-sample.ts";
import { impossible } from "./reasons.ts";
import { splice } from "./splice.ts";

const QUOTE = 0x22;
const CR = 0x0d;
const LF = 0x0a;

/** Delimited text, and where its fields are. */
interface Table {
  readonly bytes: Uint8Array;
  readonly fields: CsvFields;
  readonly dialect: Dialect;
  readonly encoding: Encoding;
}

/**
 * Masks the fields of delimited text: only their bytes change. The header stays. What readers could
 * take for other fields, by another delimiter or by quotes, is not masked at all.
 * @throws NoSample
 */
export function maskCsv({ bytes, name, head }: ToMask, mask: CellMask): MaskedSample {
  const table = tableOf(bytes, name, head);
  const names = headerOf(table);
  checkHeader(names, mask.rules);
  const cells = cellsOf(table, names, otherHeaders(names, mask.rules));
  const { texts, warnings } = maskCells(cells, names, mask);
  const masked = splice(bytes, replacements(table, names.length, texts));
  checkSame(table, masked);
  return { bytes: masked, warnings };
}

/** Finds the fields. @throws NoSample where they are not certain */
function tableOf(bytes: Uint8Array, name: string, head: Uint8Array): Table {
  const encoding = encodingOf(head);
  if (encoding.unitBytes > 1) throw impossible("encoding");
  const dialect = dialectOf(name, head, encoding);
  const own = encodingOf(bytes);
  const again = dialectOf(name, bytes, own);
  // The sample's readers have only the sample to tell from.
  const isCertain =
    again.delimiter === dialect.delimiter &&
    again.headerAt === dialect.headerAt &&
    own.unitBytes === 1 &&
    own.loneCr === encoding.loneCr &&
    !/\w/.test(String.fromCharCode(Math.max(0, dialect.delimiter)));
  if (!isCertain) throw impossible("dialect");
  if (hasLinesAbove(bytes.subarray(encoding.bom, dialect.headerAt))) throw impossible("above");
  const fields = csvFields(bytes, dialect, encoding);
  if (fields.flaw !== undefined || fields.escapes) throw impossible("quotes");
  if (hasLineEndInField(bytes, fields)) throw impossible("dialect");
  return { bytes, fields, dialect, encoding };
}

/** True when a field without quotes has what some readers take for the end of a line. */
function hasLineEndInField(bytes: Uint8Array, { starts, ends }: CsvFields): boolean {
  return starts.some((start, i) => {
    if (bytes[start] === QUOTE) return false;
    const field = bytes.subarray(start, ends[i]);
    return field.includes(CR) || field.includes(LF);
  });
}

/** True when more than a separator for Excel stands there. */
function hasLinesAbove(above: Uint8Array): boolean {
  return !/^[\r\n]*(?:("?)sep=.\1[\r\n]+)?$/i.test(Buffer.from(above).toString("latin1"));
}

function headerOf(table: Table): readonly string[] {
  const { records } = table.fields;
  if (records.length < 2) throw impossible("header");
  const end = records[1] as number;
  const names = Array.from({ length: end }, (_, i) => valueAt(table, i));
  const plain = names.map((name) => name.trim().toLowerCase());
  if (new Set(plain).size < plain.length) throw impossible("duplicates");
  return names;
}

function cellsOf(
  table: Table,
  names: readonly string[],
  isOtherHeader: (record: readonly string[]) => boolean,
): readonly Cell[] {
  const { records } = table.fields;
  const cells: Cell[] = [];
  for (let record = 1; record + 1 < records.length; record += 1) {
    const [first, next] = [records[record] as number, records[record + 1] as number];
    if (next - first !== names.length) throw impossible("ragged");
    const texts = names.map((_, i) => valueAt(table, first + i));
    if (isOtherHeader(texts)) throw impossible("again");
    for (const [i, path] of names.entries())
      cells.push({ path, kind: "text", text: texts[i] as string });
  }
  return cells;
}

function valueAt({ bytes, fields }: Table, field: number): string {
  const { starts, ends, escapes } = fields;
  const [start, end] = [starts[field] as number, ends[field] as number];
  return fieldValue(bytes, start, end, { escapes }, decodeField);
}

/** A field has no mark of its own, whatever its bytes look like. */
function decodeField(bytes: Uint8Array): string {
  return decodeText(bytes, { unitBytes: 1, bigEndian: false, bom: 0, loneCr: false });
}

function* replacements(
  { bytes, fields }: Table,
  width: number,
  texts: readonly (string | null | undefined)[],
): Generator<{ start: number; end: number; by: Buffer }, void, void> {
  for (const [i, text] of texts.entries()) {
    if (text === undefined) continue;
    const start = fields.starts[width + i] as number;
    const end = fields.ends[width + i] as number;
    // An empty line would be no record.
    const isQuoted = bytes[start] === QUOTE || (text === null && width === 1);
    const value = text ?? "";
    const by = Buffer.from(isQuoted ? `"${value.replaceAll('"', '""')}"` : value);
    yield { start, end, by };
  }
}

/**
 * Checks that the masked text has the records and fields that the sample had.
 * @throws NoSample
 */
function checkSame({ fields, dialect, encoding }: Table, masked: Uint8Array): void {
  const { records, flaw, escapes } = csvFields(masked, dialect, encoding);
  const isSame =
    flaw === undefined &&
    !escapes &&
    records.length === fields.records.length &&
    records.every((first, i) => first === fields.records[i]);
  const own = encodingOf(masked);
  if (!isSame || own.unitBytes > 1 || own.bom !== encoding.bom) throw impossible("dialect");
}
