import { QUOTE, OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT } from "./bytes.ts";

/** The end of an object or array. */
export interface ValueEnd {
  /** The offset after it; undefined where it does not end. */
  readonly end?: number;
  /**
   * `[` or `{` where that is the innermost thing open at the end of the bytes, and not a string
   * within it.
   */
  readonly open?: number;
}

/** Goes through the object or array that begins at `from`, by brackets and strings only. */
export function scanValue(bytes: Uint8Array, from: number): ValueEnd {
  const open: number[] = [];
  for (let i = from; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    // Of the brackets `[` is the first in ASCII; most other bytes come before it.
    if (byte === QUOTE) {
      i = closingQuote(bytes, i + 1);
      if (i === bytes.length) return {};
    } else if (byte < OPEN_ARRAY) continue;
    else if (isOpener(byte)) open.push(byte);
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      // In ASCII a closing bracket comes two after its opening one.
      if (open.pop() !== byte - 2) return {};
      if (open.length === 0) return { end: i + 1 };
    }
  }
  return open.length === 0 ? {} : { open: open.at(-1) as number };
}

/** The offset of the quote that ends a string; the number of bytes where it does not end. */
function closingQuote(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i += 1;
  }
  return bytes.length;
}

/** True when a byte begins an object or an array. */
export function isOpener(byte: number | undefined): boolean {
  return byte === OPEN_OBJECT || byte === OPEN_ARRAY;
}
