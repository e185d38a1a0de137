import { NoSample } from "../errors.ts";

/** The limit that left something out: `sample.rows`, `sample.bytes` or `sample.members`. */
export type Cut = "rows" | "bytes" | "members";

/** Finds where records end. Keeps its state between chunks, so that borders do not matter. */
export interface RecordScanner {
  /**
   * Goes on at `from`; returns the offset just after the end of the next record in this chunk, or
   * -1 when it does not end here. A record may prove to have ended with the chunk before: then that is
   * `from`. Blank lines before a record belong to it.
   */
  next(chunk: Uint8Array, from: number): number;
  /** True when something other than blank lines was seen since the last record's end. */
  started(): boolean;
  /** Bytes before the first record that are none: they count neither as records nor as bytes. */
  preamble?(): number;
  /**
   * Returns another scanner to read an unfinished record with, from its start, when this one cannot
   * have understood it (a quote that is not closed); `wait` while it may still be closed.
   */
  giveUp?(atEnd: boolean): RecordScanner | "wait" | undefined;
}

/** Number of records that were kept, and what ended them. */
export interface FirstRecords {
  readonly records: number;
  readonly complete: boolean;
  readonly cut?: Cut;
}

/** Bounds on the input that is kept. Bytes count before records, but `atLeast` records are kept. */
export interface RecordLimits {
  readonly records: number;
  readonly bytes: number;
  readonly atLeast: number;
  /** Bytes of one record; where one of the first `atLeast` is longer, there is no sample. */
  readonly recordBytes: number;
}

/**
 * Yields the first records of a byte stream, verbatim, and returns what ended them. Rows never
 * cross an await: each chunk is scanned synchronously and leaves as few pieces.
 * @throws NoSample when one of the first records is longer than `recordBytes`.
 */
export async function* firstRecords(
  chunks: AsyncIterable<Uint8Array>,
  scanner: RecordScanner,
  limits: RecordLimits,
): AsyncGenerator<Uint8Array, FirstRecords, void> {
  const cutter = recordCutter(scanner, limits);
  yield* cutChunks(chunks, cutter);
  return cutter.result();
}

/** Cuts the first part out of bytes as they come, without waiting for anything. */
export interface Cutter {
  /** Returns the bytes that are certain to be part of the sample. */
  feed(chunk: Uint8Array): Uint8Array[];
  /** True once no more bytes are needed. */
  isDone(): boolean;
  /** Returns the last bytes of the sample, once it is done or no more bytes come. */
  finish(): Uint8Array[];
}

/** Yields what a cutter keeps of a byte stream. @throws what the cutter throws */
export async function* cutChunks(
  chunks: AsyncIterable<Uint8Array>,
  cutter: Cutter,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    // `yield*` of a list takes several promises for each piece.
    for (const piece of cutter.feed(chunk)) yield piece;
    if (cutter.isDone()) break;
  }
  for (const piece of cutter.finish()) yield piece;
}

/**
 * Keeps the first records, as `firstRecords`.
 * @throws NoSample when one of the first records is longer than `recordBytes`.
 */
export interface RecordCutter extends Cutter {
  /** The records that were kept so far. */
  result(): FirstRecords;
}

/** Creates a cutter of the records that a scanner finds. */
export function recordCutter(first: RecordScanner, limits: RecordLimits): RecordCutter {
  let scanner = first;
  let records = 0;
  let cut: Cut | undefined;
  /** Bytes of whole records that are kept, and of the unfinished record after them. */
  let keptBytes = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  return { feed, finish, isDone: () => cut !== undefined, result };

  function feed(chunk: Uint8Array): Uint8Array[] {
    const kept = take(chunk);
    if (cut !== undefined) return kept;
    const other = scanner.giveUp?.(false);
    if (other === "wait") return kept;
    if (other !== undefined) kept.push(...readAgain(other));
    checkHeld();
    return kept;
  }

  function finish(): Uint8Array[] {
    if (cut !== undefined) return [];
    const other = scanner.giveUp?.(true);
    const kept = other === undefined || other === "wait" ? [] : readAgain(other);
    if (cut !== undefined) return kept;
    if (scanner.started()) admit(heldBytes);
    else checkHeld();
    return cut === undefined ? [...kept, ...held] : kept;
  }

  function result(): FirstRecords {
    return cut === undefined ? { records, complete: true } : { records, complete: false, cut };
  }

  /** Returns the records that end in a chunk; what follows them is held back. */
  function take(chunk: Uint8Array): Uint8Array[] {
    let at = 0;
    let hasEnded = false;
    for (let end = scanner.next(chunk, at); end >= 0; end = scanner.next(chunk, at)) {
      if (!admit(heldBytes + end - at)) break;
      heldBytes = 0;
      at = end;
      hasEnded = true;
    }
    if (cut === undefined && records >= limits.records && scanner.started()) cut = "rows";
    const kept = hasEnded ? [...held, chunk.subarray(0, at)] : [];
    if (hasEnded) held = [];
    if (at < chunk.length && cut === undefined) held.push(chunk.subarray(at));
    heldBytes += chunk.length - at;
    return kept;
  }

  /** Counts a record of that size, or ends the sample before it. */
  function admit(bytes: number): boolean {
    const size = bytes - preamble();
    if (records >= limits.records) cut = "rows";
    else if (records < limits.atLeast) checkRecord(size);
    else if (keptBytes + size > limits.bytes) cut = "bytes";
    if (cut !== undefined) return false;
    records += 1;
    keptBytes += size;
    return true;
  }

  /** Bytes of a header that is held back with the first record. */
  function preamble(): number {
    return records === 0 ? (scanner.preamble?.() ?? 0) : 0;
  }

  /** Ends the sample where what is held back is too long already. */
  function checkHeld(): void {
    if (cut !== undefined || heldBytes === 0) return;
    if (records < limits.atLeast) return checkRecord(heldBytes - preamble());
    if (keptBytes + heldBytes > limits.bytes) cut = records < limits.records ? "bytes" : "rows";
  }

  function checkRecord(size: number): void {
    if (size <= limits.recordBytes) return;
    throw new NoSample(`a record is larger than ${limits.recordBytes} bytes`);
  }

  /** Goes over what is held back once more, with another scanner. */
  function readAgain(other: RecordScanner): Uint8Array[] {
    scanner = other;
    const chunk = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    return take(chunk);
  }
}
