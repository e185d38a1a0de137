import { type CsvFields, fieldValue } from "../../formats/csv/fields.ts";
import { decodeText, type Encoding } from "../../lib/encoding.ts";
import { fieldsOfSample } from "../sample-fields.ts";
import { kindsIn } from "./counts.ts";
import { encodingName } from "./encoding-name.ts";
import { fitsType, kindOfCell, KINDS, typeOfKinds } from "./kinds.ts";
import { knownHeader, sameShape } from "./known-headers.ts";
import { MAX_COLUMNS, type Shape, shortName } from "./shape.ts";

const QUOTE = 0x22;
const LF = 0x0a;
const BYTES: Encoding = { unitBytes: 1, bigEndian: false, bom: 0, loneCr: false };

/** The shape of delimited text: delimiter, line ends, encoding, names and values by their kinds. */
export function csvShape(name: string, bytes: Uint8Array): Shape {
  const { written, text, dialect, fields } = fieldsOfSample(name, bytes);
  const columnCount = fields.records.length < 2 ? 0 : (fields.records[1] as number);
  const columns = Math.min(columnCount, MAX_COLUMNS);
  const counts = countKinds(text, fields, columns);
  const header = looksLikeValues(text, fields, { columns, counts }) ? "none" : "first";
  const known = knownHeader(
    text.subarray(fields.starts[0], fields.ends[columns - 1]),
    `${header} ${dialect.delimiter} ${fields.escapes} ${columns} `,
    () => namesOf(text, fields, { columns, header }),
  );
  return sameShape(known, {
    format: "csv",
    dialect: {
      delimiter: String.fromCharCode(dialect.delimiter),
      ...lineEnd(text, fields),
      ...encodingName(bytes, written),
      ...(isRagged(fields, columnCount) ? { records: "ragged" } : {}),
    },
    header,
    names: known.names,
    counts,
    columnCount,
  });
}

function lineEnd(text: Uint8Array, { ends, records }: CsvFields): Readonly<Record<string, string>> {
  const end = ends[(records[1] ?? 0) - 1];
  if (end === undefined || end >= text.length) return {};
  if (text[end] === LF) return { lineEnd: "LF" };
  return { lineEnd: text[end + 1] === LF ? "CRLF" : "CR" };
}

/** Counts the values of each column by their kinds, below the header. */
function countKinds(text: Uint8Array, fields: CsvFields, columns: number): number[] {
  const { starts, ends, records } = fields;
  const counts: number[] = [];
  while (counts.length < columns * KINDS.length) counts.push(0);
  for (let record = 1; record + 1 < records.length; record += 1) {
    const first = records[record] as number;
    const count = Math.min(columns, (records[record + 1] as number) - first);
    for (let i = 0; i < count; i += 1) {
      const kind = kindOfField(text, starts[first + i] as number, ends[first + i] as number);
      if (kind >= 0) counts[i * KINDS.length + kind] = (counts[i * KINDS.length + kind] ?? 0) + 1;
    }
  }
  return counts;
}

function kindOfField(text: Uint8Array, start: number, end: number): number {
  const isQuoted = text[start] === QUOTE && end > start + 1;
  return isQuoted ? kindOfCell(text, start + 1, end - 1) : kindOfCell(text, start, end);
}

/**
 * True when the first record looks like the ones below it: each of its fields has the type of its
 * column, and one of them is no text. A year may be a name.
 */
function looksLikeValues(
  text: Uint8Array,
  { starts, ends }: CsvFields,
  { columns, counts }: { readonly columns: number; readonly counts: readonly number[] },
): boolean {
  let isTyped = false;
  for (let i = 0; i < columns; i += 1) {
    const [start, end] = [starts[i] as number, ends[i] as number];
    const kind = kindOfField(text, start, end);
    const type = typeOfKinds(kindsIn({ counts }, i), "text");
    if (kind < 0 || isYear(text, start, end)) continue;
    if (type === "empty" || !fitsType(kind, type)) return false;
    isTyped ||= type !== "text";
  }
  return isTyped;
}

function isYear(text: Uint8Array, start: number, end: number): boolean {
  return end - start === 4 && /^(19|20)\d\d$/.test(decodeText(text.subarray(start, end)));
}

function namesOf(
  text: Uint8Array,
  fields: CsvFields,
  { columns, header }: { readonly columns: number; readonly header: Shape["header"] },
): string[] {
  return Array.from({ length: columns }, (_, i) => {
    if (header === "none") return String(i + 1);
    const [start, end] = [fields.starts[i] as number, fields.ends[i] as number];
    const decode = (part: Uint8Array) => decodeText(part, BYTES);
    return shortName(fieldValue(text, start, end, fields, decode)) || String(i + 1);
  });
}

/** True when more than half of the records have another number of fields than the header. */
function isRagged({ records }: CsvFields, columnCount: number): boolean {
  let others = 0;
  const count = records.length - 2;
  for (let i = 1; i <= count; i += 1)
    if ((records[i + 1] as number) - (records[i] as number) !== columnCount) others += 1;
  return count >= 2 && others * 2 > count;
}
