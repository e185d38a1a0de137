import { errorMessage, Failure } from "../../errors.ts";
import { decodeText, type Encoding, encodingOf, utf8 } from "../../lib/encoding.ts";
import {
  QUOTE,
  COMMA,
  COLON,
  OPEN_ARRAY,
  CLOSE_ARRAY,
  OPEN_OBJECT,
  CLOSE_OBJECT,
} from "./bytes.ts";
import { jsonScanner } from "./scanner.ts";
import { isOpener, scanValue } from "./value.ts";

const LF = 0x0a;
const CR = 0x0d;

/** True when a text's first line is a value of its own and another line follows. */
export function isJsonLines(head: Uint8Array, encoding: Encoding): boolean {
  const start = nextByte(head, encoding.bom);
  const end = feedAfter(head, start, encoding);
  const next = end < 0 ? undefined : head[nextByte(head, end)];
  if (next === undefined) return false;
  if (!isOpener(head[start])) return isScalar(head.subarray(start, end));
  const value = scanValue(head.subarray(0, end), start);
  return value.end !== undefined && nextByte(head, value.end) > end && isOpener(next);
}

/** The first line that is not blank, without its end. */
export function firstLineOf(head: Uint8Array, encoding: Encoding): Uint8Array {
  const start = nextByte(head, encoding.bom);
  const end = feedAfter(head, start, encoding);
  return head.subarray(start, end < 0 ? head.length : end);
}

/**
 * True for a scalar; also for numbers and words that JSON does not have, but that its writers use.
 */
function isScalar(line: Uint8Array): boolean {
  return whyInvalid(line) === undefined || /^-?(NaN|Infinity)\s*$/.test(decodeText(line));
}

/**
 * True when JSON does not have a value on each line: the first line has several, or a part of a
 * value that goes on. A line that is only broken is still a line.
 */
export function isAcrossLines(head: Uint8Array, encoding: Encoding): boolean {
  const start = nextByte(head, encoding.bom);
  if (!isOpener(head[start]) || encoding.unitBytes > 1) return false;
  const line = firstLineOf(head, encoding);
  const lineEnd = start + line.length;
  const { end, open } = scanValue(line, 0);
  if (end !== undefined) {
    return isNext(line[nextByte(line, end)]);
  }
  if (open === undefined) return false;
  // Lines that are longer than what is looked at are rarely arrays.
  if (lineEnd === head.length) return head[start] === OPEN_ARRAY;
  return goesOn(open, line.findLast(isInk), head[nextByte(head, lineEnd)]);
}

/** True when a first value is followed by another one, whatever is between them. */
export function isSeveral(head: Uint8Array, encoding: Encoding): boolean {
  const start = nextByte(head, encoding.bom);
  const end = isOpener(head[start]) ? scanValue(head, start).end : undefined;
  return end !== undefined && isNext(head[nextByte(head, end)]);
}

/** True when a byte can follow a value: a comma, or the beginning of another value. */
function isNext(byte: number | undefined): boolean {
  return byte === COMMA || isOpener(byte);
}

/**
 * True when JSON may break off after the byte `last` and go on with `next`, inside the bracket
 * `open`.
 */
function goesOn(open: number, last: number | undefined, next: number | undefined): boolean {
  if (next === COMMA || next === COLON) return true;
  if (next === CLOSE_ARRAY || next === CLOSE_OBJECT) return true;
  if (last === COLON || last === OPEN_ARRAY) return true;
  if (last !== COMMA && last !== OPEN_OBJECT) return false;
  return open === OPEN_ARRAY || next === QUOTE;
}

/** True when a text without a name of its own reads as JSON, by its first value. */
export function looksLikeJson(head: Uint8Array): boolean {
  const { bom, unitBytes } = encodingOf(head);
  const start = nextByte(head, bom);
  if (!isOpener(head[start]) || unitBytes > 1) return false;
  const { end } = scanValue(head, start);
  if (end === undefined) return beginsLikeJson(head.subarray(start));
  const next = head[nextByte(head, end)];
  return (
    (next === undefined || isNext(next)) && whyInvalid(head.subarray(start, end)) === undefined
  );
}

/**
 * True when the smallest part of a value that can be kept is JSON; where that part is too large,
 * names are enough.
 */
function beginsLikeJson(head: Uint8Array): boolean {
  const scanner = jsonScanner({ rows: 1, bytes: 1, recordBytes: Infinity });
  try {
    const pieces = scanner.feed(head);
    if (!scanner.done()) return /^[[\s]*\{\s*"/.test(decodeText(head.subarray(0, 100)));
    return whyInvalid(Buffer.concat([...pieces, ...scanner.finish()])) === undefined;
  } catch (error) {
    // Its brackets do not match.
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** The reason why these bytes are not one JSON value in UTF-8; undefined when they are. */
export function whyInvalid(bytes: Uint8Array): string | undefined {
  try {
    JSON.parse(utf8.decode(bytes));
    return undefined;
  } catch (error) {
    return errorMessage(error).slice(0, 200);
  }
}

/** The offset of the first byte from `from` on that is not white space; the length if there is none. */
function nextByte(head: Uint8Array, from: number): number {
  let at = from;
  while (at < head.length && !isInk(head[at] as number)) at += 1;
  return at;
}

function isInk(byte: number): boolean {
  return byte > 0x20;
}

/** The offset of the line end from `from` on, or -1. */
function feedAfter(head: Uint8Array, from: number, { loneCr }: Encoding): number {
  return head.indexOf(loneCr ? CR : LF, from);
}
