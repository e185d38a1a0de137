import { type Cut, firstRecords, type RecordScanner } from "../../lib/records.ts";
import type { PartLimits, WholePart } from "./parts-sample.ts";
import { MOVES } from "./places.ts";
import { type Readable, readOn } from "./read-on.ts";
import type { Borders, RecordText } from "./record-text.ts";

/** A text that is read in windows. */
export interface TextWindows extends Readable {
  readonly text: RecordText;
  readonly borders: Borders;
  /** Bytes of a window. */
  readonly window: number;
  /** Hears what is odd. */
  readonly warn: (warning: string) => void;
}

/** The first records, with the header and what stands above it. `head` holds the header. */
export async function firstPart(
  windows: TextWindows,
  head: Uint8Array,
  limits: PartLimits,
): Promise<WholePart> {
  const { text, warn } = windows;
  const { headers } = text;
  const [at = 0] = endsIn(head, text.scanner("start", warn), headers).slice(-1);
  const kept = await recordsOf(readOn(windows, 0, head), text.scanner("start", warn), {
    ...limits,
    rows: headers + limits.rows,
    atLeast: headers + 1,
  });
  return { ...kept, at, rows: kept.rows - headers };
}

/**
 * The records after the first certain border in the window at `place` or in the two windows after
 * it; undefined where these windows have no certain border.
 */
export async function partAt(
  windows: TextWindows,
  place: number,
  limits: PartLimits,
): Promise<WholePart | undefined> {
  const { text, borders, window, read, warn } = windows;
  for (let start = place; start <= place + MOVES * window; start += window) {
    const bytes = await read(start, start + window);
    const border = borders.find(bytes);
    if (border === undefined) continue;
    const at = start + border;
    const chunks = readOn(windows, at, bytes.subarray(border));
    const kept = await recordsOf(chunks, text.scanner("border", warn), { ...limits, atLeast: 0 });
    return { at, ...kept };
  }
  return undefined;
}

/**
 * The last records, as far as they are in the last window, or in the ones before it where it has no
 * border that is certain. A last record without a line end is left out: it may be half of one.
 */
export async function lastPart(
  { text, borders, size, window, read, warn }: TextWindows,
  { rows, bytes: most }: PartLimits,
): Promise<WholePart | undefined> {
  let later: Uint8Array = new Uint8Array();
  for (let moves = 1; moves <= MOVES + 1; moves += 1) {
    const start = size - moves * window;
    const bytes = await read(start, start + window);
    const border = borders.find(bytes);
    if (border !== undefined) {
      const all = Buffer.concat([bytes.subarray(border), later]);
      const last = lastOf(endsIn(all, text.scanner("border", warn)), rows, most);
      const kept = all.subarray(last.from, last.end);
      return { at: start + border + last.from, rows: last.rows, bytes: kept, cut: last.cut };
    }
    later = Buffer.concat([bytes, later]);
  }
  return undefined;
}

/** The last records that fit, by the offsets at which records begin and end. */
function lastOf(
  ends: readonly number[],
  most: number,
  bytes: number,
): { readonly from: number; readonly end: number; readonly rows: number; readonly cut: Cut } {
  const end = ends.at(-1) as number;
  const wanted = Math.min(most, ends.length - 1);
  const starts = ends.slice(ends.length - 1 - wanted);
  const first = starts.findIndex((start) => end - start <= bytes);
  const from = starts[first] as number;
  return { from, end, rows: wanted - first, cut: first > 0 ? "bytes" : "rows" };
}

/** The offsets at which records begin and end, the first and at most `most` more. */
function endsIn(bytes: Uint8Array, scanner: RecordScanner, most = Infinity): number[] {
  const ends = [0];
  while (ends.length <= most) {
    const end = scanner.next(bytes, ends.at(-1) as number);
    if (end < 0) break;
    ends.push(end);
  }
  return ends;
}

async function recordsOf(
  chunks: AsyncIterable<Uint8Array>,
  scanner: RecordScanner,
  { rows, ...limits }: Omit<PartLimits, "part"> & { readonly atLeast: number },
): Promise<Pick<WholePart, "rows" | "bytes" | "cut">> {
  const records = firstRecords(chunks, scanner, { ...limits, records: rows });
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await records.next();
    if (done !== true) pieces.push(value);
    else return { rows: value.records, bytes: Buffer.concat(pieces), cut: value.cut };
  }
}
