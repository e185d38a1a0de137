import { type Encoding, unitsOf } from "../../lib/encoding.ts";
import { linesAbove } from "./above.ts";
import { type Excerpt, readExcerpt, type Reading } from "./reading.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COMMA = 0x2c;

/** Delimiters that a text without a name of its own may have: tab, bar, semicolon, comma, U+0001. */
const CREDIBLE = [0x09, 0x7c, 0x3b, COMMA, 0x01];
/** Bytes of a text that are looked at at most, and code units that are enough as a rule. */
export const SNIFFED_BYTES = 16 * 1024;
const SNIFFED_UNITS = 4096;
/** Spaces in a field of the first line, on average, above which it is a sentence. */
const MOST_SPACES = 4;
/** Records that are enough to see that a text is not delimited. */
const FEW_RECORDS = 3;

/**
 * The confidence that a text is delimited, from 0 to 1: one minus the chance that its records would
 * agree in so many delimiters if each were a coin's throw. Records that differ in their number of
 * fields, and delimiters that stand as in prose, code or logs, give 0.
 */
export function csvConfidence(head: Uint8Array, encoding: Encoding): number {
  const { bom, loneCr } = encoding;
  const all = unitsOf(head.subarray(bom), encoding);
  const { end } = linesAbove(all, loneCr);
  const firstEnd = all.indexOf(loneCr ? CR : LF, end);
  if (firstEnd < 0) return 0;
  const first = all.subarray(end, firstEnd);
  // A long header has nothing to agree with before that.
  const most = first.length * FEW_RECORDS > SNIFFED_UNITS ? all.length : end + SNIFFED_UNITS;
  const ended = most >= all.length && head.length < SNIFFED_BYTES;
  const excerpt = { units: all.subarray(end, most), loneCr, ended };
  const present = CREDIBLE.filter((delimiter) => first.includes(delimiter));
  const between = present.filter((delimiter) => isBetweenFields(delimiter, first));
  return Math.max(0, ...between.map((delimiter) => confidenceIn(excerpt, delimiter)));
}

function confidenceIn(excerpt: Excerpt, delimiter: number): number {
  const how = { delimiter, escapes: false };
  if (!isRegular(readExcerpt(excerpt, how, FEW_RECORDS), excerpt)) return 0;
  const reading = readExcerpt(excerpt, how);
  const { counts } = reading;
  if (!isRegular(reading, excerpt) || (delimiter === COMMA && isProse(excerpt.units))) return 0;
  const [fields = 1] = counts;
  return 1 - 2 ** -((fields - 1) * (counts.length - 1));
}

/**
 * True when all records have the same number of fields, more than one. A quote may be open where
 * the excerpt ends before the text.
 */
function isRegular({ counts, faults }: Reading, { ended }: Excerpt): boolean {
  const [fields = 0] = counts;
  return fields > 1 && faults <= (ended ? 0 : 1) && counts.every((count) => count === fields);
}

/** True where a first line has a delimiter, outside of brackets and not within a sentence. */
function isBetweenFields(delimiter: number, line: Excerpt["units"]): boolean {
  let fields = 1;
  let words = 0;
  let open = 0;
  for (let i = 0; i < line.length; i += 1) {
    const unit = line[i] as number;
    if (unit === delimiter) {
      if (open !== 0) return false;
      fields += 1;
    } else if (unit === SPACE) words += 1;
    else if (unit === 0x28 || unit === 0x5b || unit === 0x7b) open += 1;
    else if (unit === 0x29 || unit === 0x5d || unit === 0x7d) open -= 1;
  }
  // Statements end with a semicolon, and have no second field.
  const last = line[line.length - (line.at(-1) === CR ? 2 : 1)];
  return fields > (last === delimiter ? 2 : 1) && words <= MOST_SPACES * fields;
}

/** True where most commas are followed by a space. */
function isProse(units: Excerpt["units"]): boolean {
  let commas = 0;
  let spaced = 0;
  for (let at = units.indexOf(COMMA); at >= 0; at = units.indexOf(COMMA, at + 1)) {
    commas += 1;
    if (units[at + 1] === SPACE) spaced += 1;
  }
  return 2 * spaced > commas;
}
