import { titlesIn } from "./above.ts";
import { type Excerpt, readExcerpt, type Reading } from "./reading.ts";

const LF = 0x0a;
const CR = 0x0d;
const COMMA = 0x2c;
/** Tab, bar, semicolon, comma: of two that fit equally well, the one that is rarer in text wins. */
const COMMON = [0x09, 0x7c, 0x3b, COMMA];
/**
 * U+0001 (Hive), U+001F, `~`, `^`, `:`, space: only where the header has none of the common ones.
 */
const RARE = [0x01, 0x1f, 0x7e, 0x5e, 0x3a, 0x20];
/** One column: quotes open at the start of a line only. */
const NONE = -1;

/** Records of equal counts that settle the vote where the first line has one candidate. */
const CLEAR_RECORDS = 4;
/** Share, relative to the best candidate's, above which another candidate is a rival. */
const RIVAL = 0.75;
/** Share below which even the best candidate is a guess. */
const GUESS = 0.5;

/** The reading that fits best, and a warning where another one would cut records elsewhere. */
interface Vote {
  readonly reading: Reading;
  readonly warnings: readonly string[];
}

/** The agreement of a reading's records. */
interface Fit {
  readonly reading: Reading;
  /** Fields that most records have. */
  readonly fields: number;
  /** Records with that many, as a share of all records and faults. */
  readonly share: number;
}

/** Finds the delimiter with which the records have equal field counts; `named` needs no vote. */
export function readingOf(excerpt: Excerpt, named: number | undefined): Vote {
  return clearReading(excerpt, named) ?? likeliest(excerpt, named);
}

/**
 * Reads the ordinary case at little cost: a few regular records, and only one candidate in the
 * first line.
 */
function clearReading(excerpt: Excerpt, named: number | undefined): Vote | undefined {
  const delimiter = named ?? onlyCandidate(excerpt.units);
  if (delimiter === undefined) return undefined;
  const reading = readExcerpt(excerpt, { delimiter, escapes: false }, CLEAR_RECORDS);
  const { counts, faults, escapes } = reading;
  const [fields = 0] = counts;
  const isRegular = counts.length > 1 && fields > 1 && counts.every((count) => count === fields);
  return isRegular && faults === 0 && !escapes ? { reading, warnings: [] } : undefined;
}

/** The one common delimiter in the first line that is not blank. */
function onlyCandidate(units: Excerpt["units"]): number | undefined {
  let found: number | undefined;
  let isBlank = true;
  // Not `for of`: that takes an object for each unit.
  for (let i = 0; i < units.length; i += 1) {
    const unit = units[i] as number;
    const isEnd = unit === LF || unit === CR;
    if (isEnd && !isBlank) return found;
    isBlank &&= isEnd;
    if (unit === found || !COMMON.includes(unit)) continue;
    if (found !== undefined) return undefined;
    found = unit;
  }
  return found;
}

function likeliest(excerpt: Excerpt, named: number | undefined): Vote {
  const common = fitsOf(excerpt, named === undefined ? COMMON : [named]);
  const isInHeader = common.some(({ reading }) => (reading.counts[0] ?? reading.unfinished) > 1);
  const rare = named === undefined && !isInHeader ? perfectOf(excerpt, RARE) : undefined;
  const best = rare ?? common[0];
  if (best === undefined) {
    const delimiter = named ?? COMMA;
    return { reading: readExcerpt(excerpt, { delimiter, escapes: false }), warnings: [] };
  }
  const other = named === undefined ? rivalOf(best, common, excerpt) : undefined;
  return {
    reading: best.reading,
    warnings: other === undefined ? [] : [doubt(best.reading, other)],
  };
}

/** Another reading that may be the right one, and whose records end elsewhere. */
function rivalOf({ reading, share }: Fit, fits: readonly Fit[], excerpt: Excerpt) {
  const rivals = fits.filter((fit) => fit.share >= RIVAL * share).map((fit) => fit.reading);
  const none = { delimiter: NONE, escapes: reading.escapes };
  if (share < GUESS) rivals.push(readExcerpt(excerpt, none));
  return rivals.find(({ ends }) => !isEqual(ends, reading.ends));
}

function isEqual(ends: readonly number[], others: readonly number[]): boolean {
  return ends.length === others.length && ends.every((end, i) => end === others[i]);
}

/** The fits of the candidates that occur, the best first. */
function fitsOf(excerpt: Excerpt, candidates: readonly number[]): Fit[] {
  const present = candidates.filter((delimiter) => excerpt.units.includes(delimiter));
  const fits = present.map((delimiter) => fitWith(excerpt, delimiter));
  return fits.toSorted((a, b) => b.share - a.share || b.fields - a.fields);
}

/** The first candidate with which all records below titles are alike. */
function perfectOf(excerpt: Excerpt, candidates: readonly number[]): Fit | undefined {
  return fitsOf(excerpt, candidates).find(({ reading, fields }) => {
    const table = reading.counts.slice(titlesIn(reading));
    const isAlike = table.length > 1 && table.every((count) => count === fields);
    return isAlike && reading.faults === 0;
  });
}

/** Reads with backslashes as escapes where some quotes make sense only so, if that fits better. */
function fitWith(excerpt: Excerpt, delimiter: number): Fit {
  const fit = fitOf(readExcerpt(excerpt, { delimiter, escapes: false }));
  if (!fit.reading.escapes) return fit;
  const escaped = fitOf(readExcerpt(excerpt, { delimiter, escapes: true }));
  return escaped.share >= fit.share ? escaped : fit;
}

function fitOf(reading: Reading): Fit {
  const { counts, faults, unfinished } = reading;
  const tally = new Map<number, number>();
  for (const count of counts) if (count > 1) tally.set(count, (tally.get(count) ?? 0) + 1);
  const [fields, most] = [...tally].reduce((a, b) => (b[1] > a[1] ? b : a), [unfinished, 0]);
  return { reading, fields, share: most / Math.max(1, counts.length + faults) };
}

function doubt(taken: Reading, other: Reading): string {
  const instead = other.delimiter === NONE ? "without one" : `with ${spelled(other)}`;
  return `the delimiter is not certain: ${spelled(taken)} is taken, ${instead} records end elsewhere`;
}

function spelled({ delimiter }: Reading): string {
  return JSON.stringify(String.fromCharCode(delimiter));
}
