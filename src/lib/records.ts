import { NoSample } from "../errors.ts";
import type { Cut } from "../types.ts";

/** Finds where records end. Keeps its state between chunks, so that borders do not matter. */
export interface RecordScanner {
  /**
   * Goes on at `from`; returns the offset just after the end of the next record in this chunk, or
   * -1 when it does not end here. Blank lines before a record belong to it.
   */
  next(chunk: Uint8Array, from: number): number;
  /** True when something other than blank lines was seen since the last record's end. */
  started(): boolean;
  /**
   * Asked about an unfinished record: another scanner to read it with, from its start, when this
   * one cannot have understood it (a quote that is not closed); `wait` while that is open.
   */
  giveUp?(pendingBytes: number, atEnd: boolean): RecordScanner | "wait" | undefined;
}

/** How many records were kept and what ended them. */
export interface FirstRecords {
  readonly records: number;
  readonly complete: boolean;
  readonly cut?: Cut;
}

/** How much of the input is kept. Bytes count before records, but `atLeast` records are kept. */
export interface RecordLimits {
  readonly records: number;
  readonly bytes: number;
  readonly atLeast: number;
  /** A record among the first `atLeast` that is longer than this means there is no sample. */
  readonly recordBytes: number;
}

/**
 * Yields the first records of a byte stream, verbatim, and returns what ended them. Rows never
 * cross an await: each chunk is scanned synchronously and leaves as one piece.
 * @throws NoSample when one of the first records is longer than `recordBytes`.
 */
export async function* firstRecords(
  chunks: AsyncIterable<Uint8Array>,
  first: RecordScanner,
  limits: RecordLimits,
): AsyncGenerator<Uint8Array, FirstRecords, void> {
  let scanner = first;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let emitted = 0;
  let records = 0;

  for await (let chunk of chunks) {
    let from = 0;
    for (;;) {
      const { end, cut } = scan(chunk, from);
      if (end > 0) {
        for (const piece of pending) yield piece;
        yield chunk.subarray(0, end);
        emitted += pendingBytes + end;
        pending = [];
        pendingBytes = 0;
      }
      if (cut !== undefined) return { records, complete: false, cut };
      const rest = chunk.subarray(end);
      if (rest.length > 0) pending.push(rest);
      pendingBytes += rest.length;

      const other = scanner.giveUp?.(pendingBytes, false);
      if (other === "wait") break;
      if (other === undefined) {
        if (isTooLong()) return { records, complete: false, cut: "bytes" };
        break;
      }
      scanner = other;
      chunk = takePending();
      from = 0;
    }
  }

  const other = scanner.giveUp?.(pendingBytes, true);
  if (other !== undefined && other !== "wait") {
    scanner = other;
    const chunk = takePending();
    const { end, cut } = scan(chunk, 0);
    if (end > 0) yield chunk.subarray(0, end);
    emitted += end;
    if (cut !== undefined) return { records, complete: false, cut };
    if (end < chunk.length) pending.push(chunk.subarray(end));
    pendingBytes = chunk.length - end;
  }
  if (scanner.started()) {
    if (records >= limits.records) return { records, complete: false, cut: "rows" };
    const tooLong = emitted + pendingBytes > limits.bytes && records >= limits.atLeast;
    if (tooLong) return { records, complete: false, cut: "bytes" };
    records += 1;
  }
  for (const piece of pending) yield piece;
  return { records, complete: true };

  /** Walks a chunk; returns how much of it is kept and, if the sample ends here, why. */
  function scan(chunk: Uint8Array, from: number): { end: number; cut?: Cut } {
    let kept = 0;
    let at = from;
    for (;;) {
      const end = scanner.next(chunk, at);
      if (end < 0) {
        const full = records >= limits.records && scanner.started();
        return full ? { end: kept, cut: "rows" } : { end: kept };
      }
      if (records >= limits.records) return { end: kept, cut: "rows" };
      const size = emitted + pendingBytes + end;
      if (size > limits.bytes && records >= limits.atLeast) return { end: kept, cut: "bytes" };
      records += 1;
      kept = end;
      at = end;
    }
  }

  /** Whether the unfinished record already is too long for the sample, or for any sample. */
  function isTooLong(): boolean {
    if (records >= limits.atLeast) return emitted + pendingBytes > limits.bytes;
    if (pendingBytes <= limits.recordBytes) return false;
    throw new NoSample(`a record is larger than ${limits.recordBytes} bytes`);
  }

  function takePending(): Uint8Array {
    const chunk = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    return chunk;
  }
}
