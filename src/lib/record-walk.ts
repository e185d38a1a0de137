import type { RecordScanner } from "./records.ts";

/** One record that a walk has come to the end of. */
export interface PassedRecord {
  /** Offset of its first byte; blank lines before a record belong to it. */
  readonly at: number;
  readonly size: number;
  /** False for a last record without a line end. */
  readonly isEnded: boolean;
  /**
   * Its bytes, in memory of their own. Only while the record is visited, and only of one that is
   * not longer than the walk was told to hold.
   */
  copy(): Uint8Array;
}

/**
 * Walks through all records of a byte stream, and shows each to `visit` once its end is known.
 * Returns what follows the last one, such as blank lines. Of a record longer than `mostBytes`
 * nothing is held.
 * @throws what the stream and `visit` throw.
 */
export async function walkRecords(
  chunks: AsyncIterable<Uint8Array>,
  first: RecordScanner,
  mostBytes: number,
  visit: (record: PassedRecord) => void,
): Promise<Uint8Array> {
  let scanner = first;
  let held: Uint8Array[] = [];
  const record = { at: 0, size: 0, isEnded: true, copy: () => new Uint8Array(Buffer.concat(held)) };

  for await (const chunk of chunks) {
    take(chunk);
    const other = scanner.giveUp?.(false);
    if (other === "wait") continue;
    if (other !== undefined) readAgain(other);
    if (record.size > mostBytes) held = [];
  }
  const other = scanner.giveUp?.(true);
  if (other !== undefined && other !== "wait") readAgain(other);
  if (!scanner.started()) return Buffer.concat(held);
  record.isEnded = false;
  visit(record);
  return new Uint8Array();

  /** Visits the records that end in a chunk; holds what follows them. */
  function take(chunk: Uint8Array): void {
    let from = 0;
    for (let end = scanner.next(chunk, from); end >= 0; end = scanner.next(chunk, from)) {
      held.push(chunk.subarray(from, end));
      record.size += end - from;
      visit(record);
      record.at += record.size;
      record.size = 0;
      held = [];
      from = end;
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
    record.size += chunk.length - from;
  }

  /** Goes over what is held once more, with another scanner. */
  function readAgain(other: RecordScanner): void {
    scanner = other;
    const chunk = Buffer.concat(held);
    held = [];
    record.size = 0;
    take(chunk);
  }
}
