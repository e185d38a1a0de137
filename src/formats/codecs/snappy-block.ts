import { Failure } from "../../errors.ts";

const FIRST_BYTES = 64 * 1024;
/** Bytes of the length before a block at most: a varint of 32 bits. */
const LENGTH_BYTES = 5;
/** Length in bytes up to which a literal has it in the tag; most do. */
const SHORT_LITERAL = 60;

/**
 * Decodes a raw Snappy block until `maxBytes` are there; of input that is cut short, as much as
 * possible. Memory grows with the decoded content, not with the length that the block claims.
 * Source: format_description.txt of google/snappy.
 * @throws Failure FORMAT_INVALID where it is not Snappy.
 */
export function snappyPrefix(input: Uint8Array, maxBytes: number): Uint8Array {
  const { length, next } = readLength(input);
  const wanted = Math.min(length, maxBytes);
  let output = new Uint8Array(Math.min(wanted, FIRST_BYTES));
  let filled = 0;
  let at = next;

  while (filled < wanted && at < input.length) {
    const tag = input[at] as number;
    const extra = extraBytes(tag);
    if (at + 1 + extra > input.length) break;
    const number = littleEndian(input, at + 1, extra);
    at += 1 + extra;
    const size = elementBytes(tag, number);
    if (filled + size > length) throw invalid("it holds more than it says");
    const end = Math.min(filled + size, wanted);
    if (end > output.length) output = grown(output, end, wanted);
    if ((tag & 3) === 0) {
      const literal = Math.min(end - filled, input.length - at);
      copyTo(output, filled, input, at, literal);
      filled += literal;
      at += size;
      continue;
    }
    const offset = (tag & 3) === 1 ? ((tag >> 5) << 8) | number : number;
    if (offset === 0 || offset > filled) throw invalid("a copy starts before the beginning");
    // Byte by byte, since a copy may overlap with what it makes.
    for (; filled < end; filled += 1) output[filled] = output[filled - offset] as number;
  }
  return output.subarray(0, filled);
}

/** The length of the decoded block, and where its elements begin. */
function readLength(input: Uint8Array): { length: number; next: number } {
  let length = 0;
  for (let at = 0; at < input.length; at += 1) {
    const byte = input[at] as number;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80 && length < 2 ** 32) return { length, next: at + 1 };
    if (byte < 0x80 || at + 1 === LENGTH_BYTES) throw invalid("its length is none");
  }
  return { length: 0, next: input.length };
}

/** Bytes between a tag and its literal, or the rest of a copy. */
function extraBytes(tag: number): number {
  if ((tag & 3) === 0) return Math.max(0, (tag >> 2) + 1 - SHORT_LITERAL);
  return (tag & 3) === 3 ? 4 : tag & 3;
}

/** Bytes that an element adds to the output. */
function elementBytes(tag: number, number: number): number {
  if ((tag & 3) === 0) return tag >> 2 < SHORT_LITERAL ? (tag >> 2) + 1 : number + 1;
  return (tag & 3) === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
}

function littleEndian(bytes: Uint8Array, from: number, count: number): number {
  let number = 0;
  for (let i = count - 1; i >= 0; i -= 1) number = number * 256 + (bytes[from + i] as number);
  return number;
}

/** Copies bytes. For a few, a view takes longer than copying them one by one. */
function copyTo(
  output: Uint8Array,
  to: number,
  input: Uint8Array,
  from: number,
  count: number,
): void {
  if (count > SHORT_LITERAL) output.set(input.subarray(from, from + count), to);
  else for (let i = 0; i < count; i += 1) output[to + i] = input[from + i] as number;
}

function grown(output: Uint8Array, least: number, most: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(Math.max(least, 2 * output.length), most));
  larger.set(output);
  return larger;
}

function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not a Snappy block: ${why}`);
}
