/** A growing buffer. */
export interface Growing {
  /** Bytes so far. */
  length(): number;
  /** Makes room for `bytes` more and returns where to write them. */
  reserve(bytes: number): Buffer;
  /** Adds one byte. */
  push(byte: number): void;
  /** Adds bytes `start` to `end` (exclusive) of others. */
  add(bytes: Uint8Array, start: number, end: number): void;
  /** Returns what was added, in one piece. */
  bytes(): Buffer;
  /** Forgets what was added; the memory is used again, unless there is much of it. */
  clear(): void;
}

const EMPTY = Buffer.alloc(0);
/** Bytes that it grows to at first. */
const FIRST_BYTES = 1024;
/** Bytes that are kept for what comes next, at most. */
const MOST_KEPT_BYTES = 64 * 1024;
/** Bytes up to which copying one by one is faster than making a view. */
const FEW_BYTES = 32;

/** An empty buffer that doubles when it is full. */
export function growing(): Growing {
  let buffer = EMPTY;
  let length = 0;
  return {
    length: () => length,
    bytes: () => buffer.subarray(0, length),
    clear() {
      if (buffer.length > MOST_KEPT_BYTES) buffer = EMPTY;
      length = 0;
    },
    reserve(bytes) {
      const at = grow(bytes);
      return buffer.subarray(at, length);
    },
    push(byte) {
      const at = grow(1);
      buffer[at] = byte;
    },
    add(bytes, start, end) {
      const at = grow(end - start);
      const isWhole = end - start === bytes.length;
      if (end - start > FEW_BYTES) buffer.set(isWhole ? bytes : bytes.subarray(start, end), at);
      else for (let i = start; i < end; i += 1) buffer[at + i - start] = bytes[i] as number;
    },
  };

  /** Makes room for this many bytes; returns where they begin. */
  function grow(bytes: number): number {
    const at = length;
    length += bytes;
    if (length > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, buffer.length * 2, FIRST_BYTES));
      buffer.copy(larger, 0, 0, at);
      buffer = larger;
    }
    return at;
  }
}
