const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Records that are enough to judge by. */
const VOTING_RECORDS = 100;

/** Some units of delimited text, to find out how it is written. */
export interface Excerpt {
  readonly units: Uint8Array | Uint32Array;
  /** True where a carriage return alone ends a line. */
  readonly loneCr: boolean;
  /** True when nothing follows. */
  readonly ended: boolean;
}

/** An excerpt, read with one delimiter. */
export interface Reading {
  /** -1: none, so that a record is one field. */
  readonly delimiter: number;
  /** True where a backslash before a quote makes it content. */
  readonly escapes: boolean;
  /** Fields of each whole record. */
  readonly counts: readonly number[];
  /** Offsets after their line ends. */
  readonly ends: readonly number[];
  /** True, for each record, when a blank line comes before it. */
  readonly blankBefore: readonly boolean[];
  /** Fields of a last record that is cut off, 0 where there is none. */
  readonly unfinished: number;
  /** Quotes that are closed in the middle of a field, and one that is still open. */
  readonly faults: number;
}

/** Reads at most `most` records, as `csvScanner` cuts them; a last one that is cut off is left out. */
export function readExcerpt(
  { units, loneCr, ended }: Excerpt,
  how: Pick<Reading, "delimiter" | "escapes">,
  most = VOTING_RECORDS,
): Reading {
  const { delimiter } = how;
  const counts: number[] = [];
  const ends: number[] = [];
  const blankBefore: boolean[] = [];
  let { escapes } = how;
  let faults = 0;
  let quoted = false;
  let fields = 0;
  let lastEnd = 0;
  let atFieldStart = true;
  const end = units.length;

  for (let i = 0; i < end && counts.length < most; i += 1) {
    const unit = units[i] as number;
    if (quoted) i = insideQuotes(i);
    else if (unit === LF || (loneCr && unit === CR)) endLine(i + 1);
    else {
      if (fields === 0 && unit !== CR) begin(i);
      if (unit === QUOTE) quoted = atFieldStart;
      atFieldStart = unit === delimiter;
      if (atFieldStart) fields += 1;
      if (escapes && unit === BACKSLASH) i += 1;
    }
  }
  if (quoted) faults += 1;
  else if (ended && counts.length < most) endLine(end);
  return { delimiter, escapes, counts, ends, blankBefore, unfinished: fields, faults };

  function begin(at: number): void {
    fields = 1;
    blankBefore.push(at > lastEnd);
  }

  function endLine(at: number): void {
    atFieldStart = true;
    if (fields === 0) return;
    counts.push(fields);
    ends.push(at);
    lastEnd = at;
    fields = 0;
  }

  /** Goes on inside quotes; returns the offset of the last unit that was looked at. */
  function insideQuotes(from: number): number {
    let i = from;
    while (i < end && units[i] !== QUOTE && units[i] !== BACKSLASH) i += 1;
    const next = units[i + 1];
    if (units[i] === BACKSLASH) {
      escapes ||= next === QUOTE && i + 2 < end && !endsField(units[i + 2]);
      return escapes || next === BACKSLASH ? i + 1 : i;
    }
    if (next === QUOTE || i === end) return i + 1;
    quoted = false;
    if (i + 1 < end && !endsField(next)) faults += 1;
    return i;
  }

  /** True when a unit may follow a closing quote; another quote would make both content. */
  function endsField(unit: number | undefined): boolean {
    return unit === delimiter || unit === LF || unit === CR || unit === QUOTE;
  }
}
