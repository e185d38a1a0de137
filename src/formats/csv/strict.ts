const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/** Whole records that have to fit before a reading is believed. */
const FITTING_RECORDS = 3;

/** The shape that records are held to. */
export interface Shape {
  /** The byte between fields; -1: none, so that a record is one field. */
  readonly delimiter: number;
  /** Fields of each record. */
  readonly fields: number;
  /** True where a field of the head has a line end in it. */
  readonly hasLinesInQuotes: boolean;
}

/** The records of bytes that were read strictly. */
export interface StrictReading {
  /** Offset of the first border; -1 where there is none. */
  readonly border: number;
  /** Offsets after the whole records that follow the border. */
  readonly ends: readonly number[];
  /** Fields of each of them; 0 where there is none. */
  readonly fields: number;
  /** True where a line end stands inside quotes. */
  readonly hasLinesInQuotes: boolean;
  /** True where the bytes begin inside quotes, and these stay open. */
  readonly isOpen: boolean;
}

/** The place that bytes begin at: a record's start, or somewhere outside or inside of quotes. */
export type Start = "record" | "outside" | "inside";

/**
 * Reads delimited text by the letter of RFC 4180. Undefined where it speaks against itself: a
 * closing quote is followed by something else than a delimiter or a line end, a quote or a lone CR
 * stands in a field without quotes, or a record has another number of fields. Blank lines are no
 * records. `fields` 0: as many as the first record has.
 */
export function readStrictly(
  bytes: Uint8Array,
  start: Start,
  { delimiter, fields: given }: Pick<Shape, "delimiter" | "fields">,
): StrictReading | undefined {
  const { length } = bytes;
  const ends: number[] = [];
  let border = start === "record" ? 0 : -1;
  let fields = given;
  let quoted = start === "inside";
  let isOpen = quoted;
  let hasLinesInQuotes = false;
  /** Fields of this record so far, and where the last of them begins; -1: somewhere before. */
  let count = 1;
  let fieldAt = border;
  let recordAt = border;

  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] as number;
    if (quoted) {
      if (byte === LF) hasLinesInQuotes = true;
      if (byte !== QUOTE || i + 1 === length) continue;
      const next = bytes[i + 1] as number;
      if (next === QUOTE) i += 1;
      else if (next !== delimiter && next !== LF && next !== CR) return undefined;
      else quoted = isOpen = false;
    } else if (byte === delimiter) {
      count += 1;
      fieldAt = i + 1;
      if (fields > 0 && count > fields) return undefined;
    } else if (byte === LF) {
      const isBlank = recordAt === i || (recordAt === i - 1 && bytes[recordAt] === CR);
      if (border < 0) border = i + 1;
      else if (!isBlank) {
        if (fields > 0 && count !== fields) return undefined;
        fields = count;
        ends.push(i + 1);
      }
      count = 1;
      fieldAt = recordAt = i + 1;
    } else if (byte === QUOTE) {
      if (fieldAt !== i) return undefined;
      quoted = true;
    } else if (byte === CR && i + 1 < length && bytes[i + 1] !== LF) return undefined;
  }
  return { border, ends, fields, hasLinesInQuotes, isOpen };
}

/**
 * The first border between records that is certain, in bytes that begin anywhere; undefined where
 * none is. They begin either outside of quotes or inside of them: one of the two has to fit three
 * records, and the other has to be refuted.
 */
export function certainBorder(bytes: Uint8Array, shape: Shape): number | undefined {
  // After a quote nothing is half of a pair of them.
  const from = bytes.findIndex((byte) => byte !== QUOTE);
  if (from < 0) return undefined;
  const text = bytes.subarray(from);
  const outside = readStrictly(text, "outside", shape);
  const inside = readStrictly(text, "inside", shape);
  const isOutside = outside === undefined ? false : isRefuted(inside, shape) && fits(outside);
  const isInside = outside === undefined && inside !== undefined && fits(inside);
  if (isOutside) return from + (outside as StrictReading).border;
  return isInside ? from + inside.border : undefined;
}

function fits({ ends }: StrictReading): boolean {
  return ends.length >= FITTING_RECORDS;
}

/**
 * True where bytes do not begin inside quotes. Quotes that stay open say nothing, but they would
 * have to be longer than the whole window, and there would have to be fields of several lines.
 */
function isRefuted(inside: StrictReading | undefined, { hasLinesInQuotes }: Shape): boolean {
  return inside === undefined || (inside.isOpen && !hasLinesInQuotes);
}
