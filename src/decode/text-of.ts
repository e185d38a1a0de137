import { isUtf8 } from "node:buffer";
import { decodeText, encodingOf } from "../lib/encoding.ts";

/** Bytes of a text that are looked at: a sample is larger only where a single record is. */
const MAX_BYTES = 2 * 1024 * 1024;

/** A text, and how it was read. */
export interface DecodedText {
  readonly text: string;
  /** `UTF-8`, `Latin-1`, `UTF-16 LE`, … */
  readonly encoding: string;
  /** True where a carriage return alone ends a line. */
  readonly loneCr: boolean;
  /** Remarks about it, for the view's warnings. */
  readonly warnings: readonly string[];
}

/**
 * Decodes a sample that is text, from byte `from` on; text that is not UTF-8 is read as Latin-1.
 */
export function textOf(all: Uint8Array, from = 0): DecodedText {
  const bytes = beginningOf(all);
  const encoded = encodingOf(bytes);
  const { unitBytes, bigEndian, bom, loneCr } = encoded;
  const text = decodeText(bytes.subarray(Math.max(from, bom)), { ...encoded, bom: 0 });
  const warnings = bytes.length < all.length ? ["a record is large: its beginning is shown"] : [];
  if (unitBytes > 1) {
    const encoding = `UTF-${8 * unitBytes} ${bigEndian ? "BE" : "LE"}`;
    return { text, encoding, loneCr, warnings };
  }
  const encoding = isUtf8(bytes.subarray(bom)) ? "UTF-8" : "Latin-1";
  return { text, encoding, loneCr, warnings };
}

/** Cuts bytes that are too many, but not within a code unit. */
function beginningOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MAX_BYTES) return bytes;
  let end = MAX_BYTES;
  while (end > MAX_BYTES - 4 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, encodingOf(bytes).unitBytes === 1 ? end : MAX_BYTES);
}

/** The lines of a text, without their ends. Anything after the last line end is a line. */
export function linesOf({ text, loneCr }: DecodedText): string[] {
  const lines = text.split(loneCr ? /\r\n|\n|\r/ : /\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Facts of a text's encoding: none where it is UTF-8. */
export function encodingFacts({ encoding }: DecodedText): (readonly [string, string])[] {
  return encoding === "UTF-8" ? [] : [["encoding", encoding]];
}
