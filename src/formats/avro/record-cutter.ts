import { Failure, NoSample } from "../../errors.ts";
import type { Cut } from "../../lib/records.ts";
import type { Limits } from "../../lib/limits.ts";
import type { ValueScanner } from "./value-scanner.ts";

/** Counts the records that are kept, block after block, and finds the border of the last one. */
export interface RecordCutter {
  /**
   * Begins a block of `records` records and, with what surrounds them, `blockBytes` bytes; false
   * when a limit is reached before this block. A block without records counts by its bytes: there may be
   * any number of such blocks.
   */
  begin(records: number, blockBytes: number): boolean;
  /**
   * Takes content of the block, decoded; false when a limit was reached in it.
   * @throws NoSample for a first record above `recordBytes`; Failure FORMAT_INVALID.
   */
  feed(chunk: Uint8Array): boolean;
  /** True when all records of the block are there. */
  isWhole(): boolean;
  /** Ends the block: its records are kept as they are, or do not count. */
  end(isKept: boolean): void;
  /** Returns what is kept of a block that has not ended. */
  kept(): { readonly records: number; readonly content: Uint8Array };
  /** Records kept so far. */
  records(): number;
  cut(): Cut | undefined;
}

/** Creates a cutter for the records that a scanner finds. Bytes count before records, save for the first. */
export function recordCutter(
  scanner: ValueScanner,
  limits: Pick<Limits, "rows" | "bytes" | "recordBytes">,
): RecordCutter {
  let records = 0;
  let bytes = 0;
  let cut: Cut | undefined;
  /** Of this block. */
  let expected = 0;
  let taken = 0;
  let takenBytes = 0;
  let held: Uint8Array[] = [];
  /** Bytes of the unfinished record. */
  let open = 0;

  return {
    begin,
    feed,
    isWhole: () => taken === expected,
    end,
    kept: () => ({ records: taken, content: Buffer.concat(held).subarray(0, takenBytes) }),
    records: () => records,
    cut: () => cut,
  };

  function begin(count: number, blockBytes: number): boolean {
    [expected, taken, takenBytes, held] = [count, 0, 0, []];
    if (count === 0) bytes += blockBytes;
    if (count > 0 && records >= limits.rows) cut = "rows";
    else if (count === 0 && bytes > limits.bytes) cut = "bytes";
    return cut === undefined;
  }

  function feed(chunk: Uint8Array): boolean {
    held.push(chunk);
    let at = 0;
    while (taken < expected) {
      if (records >= limits.rows) cut = "rows";
      if (cut !== undefined) return false;
      const room = roomForRecord() - open;
      const end = scanner.next(chunk, at, Math.min(chunk.length, at + room));
      open += (end < 0 ? Math.min(chunk.length, at + room) : end) - at;
      if (end >= 0) at = admit(end);
      else if (room > chunk.length - at) return true;
      else tooLong();
    }
    if (at < chunk.length) throw new Failure("FORMAT_INVALID", "a block goes on after its records");
    return true;
  }

  /** Returns the bytes that the next record may have in all. */
  function roomForRecord(): number {
    return records === 0 ? limits.recordBytes : Math.max(0, limits.bytes - bytes);
  }

  function admit(end: number): number {
    records += 1;
    taken += 1;
    bytes += open;
    takenBytes += open;
    open = 0;
    return end;
  }

  function tooLong(): void {
    if (records === 0) throw new NoSample(`a record is larger than ${limits.recordBytes} bytes`);
    cut = "bytes";
  }

  function end(isKept: boolean): void {
    if (!isKept) records -= taken;
    [taken, takenBytes] = [0, 0];
  }
}
