import { isUtf8 } from "node:buffer";
import { decodeText, encodingOf } from "../lib/encoding.ts";

/** What is looked at of a text: a sample is larger only where a single record is. */
const MAX_BYTES = 2 * 1024 * 1024;

/** A text, and how it was read. */
export interface DecodedText {
  readonly text: string;
  readonly encoding: "UTF-8" | "UTF-16 LE" | "UTF-16 BE" | "Latin-1";
  /** True where a carriage return alone ends a line. */
  readonly loneCr: boolean;
  /** What to know of it, for the view's warnings. */
  readonly warnings: readonly string[];
}

/** Decodes a sample that is text; what is no UTF-8 is read as Latin-1. */
export function textOf(all: Uint8Array): DecodedText {
  const bytes = beginningOf(all);
  const { utf16, bom, loneCr } = encodingOf(bytes);
  const text = decodeText(bytes);
  const warnings = bytes.length < all.length ? ["a record is large: its beginning is shown"] : [];
  if (utf16 !== undefined) {
    return { text, encoding: utf16 === "le" ? "UTF-16 LE" : "UTF-16 BE", loneCr, warnings };
  }
  const encoding = isUtf8(bytes.subarray(bom)) ? "UTF-8" : "Latin-1";
  return { text, encoding, loneCr, warnings };
}

/** What is too large is cut, but not within a character of UTF-8 or UTF-16. */
function beginningOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MAX_BYTES) return bytes;
  let end = MAX_BYTES;
  while (end > MAX_BYTES - 4 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, encodingOf(bytes).utf16 === undefined ? end : MAX_BYTES);
}

/** The lines of a text, without their ends. What follows the last line end is a line if there is any. */
export function linesOf({ text, loneCr }: DecodedText): string[] {
  const lines = text.split(loneCr ? /\r\n|\n|\r/ : /\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** What to know of a text's encoding: nothing where it is UTF-8. */
export function encodingFacts({ encoding }: DecodedText): (readonly [string, string])[] {
  return encoding === "UTF-8" ? [] : [["encoding", encoding]];
}
