import { countText } from "../../lib/text.ts";
import { readExcerpt, type Reading } from "./reading.ts";

const LF = 0x0a;
const CR = 0x0d;
const HASH = 0x23;
/** First bytes of a line with `sep=;`: `"`, `S`, `s`. */
const SEP_STARTS: ReadonlySet<number | undefined> = new Set([0x22, 0x53, 0x73]);
/**
 * Fields that a table has at least, where a line above it is taken for a title and not for a header
 * of one column.
 */
const TABLE_FIELDS = 3;

type Units = Uint8Array | Uint32Array;

/** Lines on top that are not the table's. Offsets are in code units. */
interface Above {
  /** Offset at which the last comment begins. */
  readonly last: number;
  /** Offset at which the table begins; 0 where nothing is above it. */
  readonly end: number;
  /** The delimiter that `sep=;` sets. */
  readonly delimiter?: number;
}

/** Finds lines that begin with `#` on top of a text, and `sep=;` as Excel has it. */
export function linesAbove(units: Units, loneCr: boolean): Above {
  let last = 0;
  let end = 0;
  for (let at = pastBlank(units, 0); units[at] === HASH; at = pastBlank(units, end)) {
    last = at;
    end = lineEnd(units, at, loneCr);
  }
  // Nothing but comments: the file has its reasons.
  if (end === units.length) return { last: 0, end: 0 };
  const at = pastBlank(units, end);
  const sep = SEP_STARTS.has(units[at]) ? sepAt(units, at) : undefined;
  if (sep === undefined) return { last, end };
  return { last, end: lineEnd(units, at, loneCr), delimiter: sep.charCodeAt(0) };
}

/**
 * Finds the header below such lines. It can be the last comment itself. Lines of one field above it
 * can be titles, which are warned of.
 */
export function headerAfter(
  { last, end, delimiter }: Above,
  units: Units,
  reading: Reading,
): { readonly at: number; readonly warnings: readonly string[] } {
  const titles = titlesIn(reading);
  if (titles > 0) {
    const lines = titles === 1 ? "the first line is" : `the first ${countText(titles)} lines are`;
    const warnings = [`${lines} taken for titles above the header`];
    return { at: end + (reading.ends[titles - 1] as number), warnings };
  }
  const isHeader =
    end > 0 && delimiter === undefined && hasFieldsOf(units.subarray(last, end), reading);
  return { at: isHeader ? last : end, warnings: [] };
}

/** True when a comment has as many fields as the first record. */
function hasFieldsOf(comment: Units, reading: Reading): boolean {
  const [fields = 0] = reading.counts;
  const { counts } = readExcerpt({ units: comment, loneCr: false, ended: true }, reading);
  return fields > 1 && counts.length === 1 && counts[0] === fields;
}

/** Counts records of one field above the first two of a table. */
export function titlesIn({ counts, blankBefore }: Reading): number {
  const first = counts.findIndex((count) => count > 1);
  const fields = counts[first] ?? 0;
  if (first < 1 || fields !== counts[first + 1]) return 0;
  return fields >= TABLE_FIELDS || blankBefore[first] === true ? first : 0;
}

function sepAt(units: Units, at: number): string | undefined {
  const start = String.fromCharCode(...units.subarray(at, at + 10));
  return /^("?)sep=(.)\1\r?[\n\r]/i.exec(start)?.[2];
}

function pastBlank(units: Units, from: number): number {
  let at = from;
  while (units[at] === LF || units[at] === CR) at += 1;
  return at;
}

function lineEnd(units: Units, from: number, loneCr: boolean): number {
  const end = units.indexOf(loneCr ? CR : LF, from);
  return end < 0 ? units.length : end + 1;
}
