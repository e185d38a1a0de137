import type { Encoding } from "../../lib/encoding.ts";
import type { Dialect } from "./dialect.ts";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The places of fields in delimited text. Field `i` is at bytes `starts[i]` to `ends[i]`, quotes
 * included.
 */
export interface CsvFields {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /**
   * The number of the first field of each record, and, last, the number of all fields. The first
   * record is the header.
   */
  readonly records: readonly number[];
  /** True where a backslash before a quote makes it content. */
  readonly escapes: boolean;
  /** The reason why readers may see other fields; undefined where all of them see these. */
  readonly flaw: "a quote is not closed" | "text follows a closing quote" | undefined;
}

/** Lists that fields are written to, over what is in them: new ones for each text cost as much again. */
export interface FieldLists {
  readonly starts: number[];
  readonly ends: number[];
  readonly records: number[];
}

/**
 * Finds the fields of a text of bytes, below what stands above the header, by the rules of
 * `csvScanner`: a quote opens only at the start of a field, and blank lines are no records. A quote
 * that is not closed ends the fields: what follows it is left out. The lists of the result are `into`.
 */
export function csvFields(
  text: Uint8Array,
  dialect: Omit<Dialect, "warnings">,
  { bom, loneCr }: Pick<Encoding, "bom" | "loneCr">,
  into: FieldLists = { starts: [], ends: [], records: [] },
): CsvFields {
  const { delimiter } = dialect;
  const { length } = text;
  const { starts, ends, records } = into;
  const enders = endersFor(delimiter, loneCr);
  const reading: Reading = { delimiter, enders, escapes: dialect.escapes, flaw: undefined };
  /** Numbers of fields and records so far, and that of the record's first field. */
  let count = 0;
  let recordCount = 0;
  let first = 0;
  let isInRecord = false;
  for (let at = Math.max(bom, dialect.headerAt); at < text.length || isInRecord;) {
    let end = at;
    if (text[at] === QUOTE) end = quotedEnd(text, at, reading);
    else while (end < length && enders[text[end] as number] === 0) end += 1;
    if (text[end] === BACKSLASH) end = plainEnd(text, end, reading);
    if (end < 0) {
      count = first;
      reading.flaw = "a quote is not closed";
      break;
    }
    const ender = text[end];
    const isCrLf = ender === LF && end > at && text[end - 1] === CR;
    starts[count] = at;
    ends[count] = isCrLf ? end - 1 : end;
    count += 1;
    at = end + (ender === CR && text[end + 1] === LF ? 2 : 1);
    isInRecord = ender === delimiter;
    if (isInRecord) continue;
    if (count - first > 1 || !isBlank(text, starts[first] as number, ends[first] as number)) {
      records[recordCount] = first;
      recordCount += 1;
    } else count = first;
    first = count;
  }
  records[recordCount] = count;
  records.length = recordCount + 1;
  starts.length = ends.length = count;
  const { escapes, flaw } = reading;
  return { starts, ends, records, escapes, flaw };
}

/**
 * The way a text is read, as far as that is known so far. Functions take it as an
 * argument: a closure would look its variables up for each byte, and take three times as long.
 */
interface Reading {
  readonly delimiter: number;
  /** As `endersFor`. */
  readonly enders: Uint8Array;
  escapes: boolean;
  flaw: CsvFields["flaw"];
}

/** Returns where a field without quotes ends. */
function plainEnd(text: Uint8Array, start: number, reading: Reading): number {
  const { enders, delimiter } = reading;
  for (let i = start; ; i += 2) {
    while (i < text.length && enders[text[i] as number] === 0) i += 1;
    if (text[i] !== BACKSLASH || delimiter === BACKSLASH) return i;
    if (!reading.escapes) i -= 1;
  }
}

/** Returns where a field in quotes ends, or -1. */
function quotedEnd(text: Uint8Array, start: number, reading: Reading): number {
  let escaped = false;
  for (let i = start + 1; i < text.length; i += 1) {
    const byte = text[i];
    if (byte === BACKSLASH) escaped = !escaped;
    else if (byte === QUOTE && !(escaped && reading.escapes)) {
      if (text[i + 1] !== QUOTE) {
        if (!escaped || isEndOfField(text[i + 1], reading)) return afterQuote(text, i + 1, reading);
        reading.escapes = true;
      } else i += 1;
      escaped = false;
    } else escaped = false;
  }
  return -1;
}

function isEndOfField(byte: number | undefined, { delimiter }: Reading): boolean {
  return byte === undefined || byte === delimiter || byte === LF || byte === CR;
}

/** Returns where a field ends whose quotes are closed before `from`. */
function afterQuote(text: Uint8Array, from: number, reading: Reading): number {
  const end = plainEnd(text, from, reading);
  const isClean = end === from || (end === from + 1 && text[from] === CR && text[end] === LF);
  if (!isClean) reading.flaw ??= "text follows a closing quote";
  return end;
}

function isBlank(text: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (text[i] !== CR) return false;
  return true;
}

/** Tables by delimiter and line ends: one for each file would keep the collector busy. */
const tables = new Map<string, Uint8Array>();

/** Table with 1 for bytes that may end a field without quotes. */
function endersFor(delimiter: number, loneCr: boolean): Uint8Array {
  const key = `${delimiter} ${loneCr}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const enders = new Uint8Array(256);
  for (const byte of [delimiter, LF, BACKSLASH, ...(loneCr ? [CR] : [])]) enders[byte] = 1;
  tables.set(key, enders);
  return enders;
}

/**
 * The value of a field, decoded by `decode`: without quotes, doubled or escaped quotes as one.
 */
export function fieldValue(
  text: Uint8Array,
  start: number,
  end: number,
  { escapes }: Pick<Dialect, "escapes">,
  decode: (bytes: Uint8Array) => string,
): string {
  if (text[start] !== QUOTE) return decode(text.subarray(start, end));
  const inner = decode(text.subarray(start + 1, end - 1));
  if (escapes) return inner.replace(/\\(.)|""/gs, (both, one: string | undefined) => one ?? '"');
  return inner.includes('"') ? inner.replaceAll('""', '"') : inner;
}
