import { joinTypes } from "../../decode/column-type.ts";

/** The kinds that the values of a column have. A value's kind is its place in this list. */
export const KINDS = [
  "integer",
  "number",
  "boolean",
  "date",
  "timestamp",
  "text",
  "list",
  "object",
] as const;

const INTEGER = 0;
const NUMBER = 1;
const BOOLEAN = 2;
const DATE = 3;
const TIMESTAMP = 4;
const TEXT = 5;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
/** Bytes of the longest number or time; what is longer is text. */
const MAX_BYTES = 40;
const DATE_BYTES = 10;

/** The type of a column that has values of some kinds; `empty` without values. */
export function typeOfKinds(kinds: Iterable<number>, otherwise: "text" | "mixed"): string {
  const type = joinTypes([...kinds].map((kind) => KINDS[kind]));
  return type === "mixed" ? otherwise : type;
}

/** True when a value of a kind belongs into a column of a type. */
export function fitsType(kind: number, type: string): boolean {
  if (type === "empty" || type === "text" || type === "mixed" || KINDS[kind] === type) return true;
  return (kind === INTEGER && type === "number") || (kind === DATE && type === "timestamp");
}

/**
 * The kind of a cell of text, bytes `start` to `end`; -1 for an empty one. The rules are those of
 * `typeOfTexts`.
 */
export function kindOfCell(text: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  if (end - start > MAX_BYTES) return TEXT;
  const first = text[start] as number;
  if (first > COLON || first < MINUS) return isWord(text, start, end) ? BOOLEAN : TEXT;
  if (text[start + 4] === MINUS && end - start >= DATE_BYTES) return kindOfTime(text, start, end);
  return kindOfNumber(text, start, end);
}

/** True for `true` and `false`, in any case. */
function isWord(text: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length !== 4 && length !== 5) return false;
  const word = length === 4 ? "true" : "false";
  for (let i = 0; i < length; i += 1) {
    if (((text[start + i] as number) | 0x20) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** `-?(0|[1-9]\d*)` for integers; with a fraction, or an exponent, numbers. */
function kindOfNumber(text: Uint8Array, start: number, end: number): number {
  const whole = text[start] === MINUS ? start + 1 : start;
  let at = pastDigits(text, whole, end);
  if (at - whole > 1 && text[whole] === ZERO) return TEXT;
  let digits = at - whole;
  if (at === end) return digits > 0 ? INTEGER : TEXT;
  if (text[at] === POINT) {
    const fraction = at + 1;
    at = pastDigits(text, fraction, end);
    digits += at - fraction;
  }
  if (digits === 0) return TEXT;
  return at === end || isExponent(text, at, end) ? NUMBER : TEXT;
}

function isExponent(text: Uint8Array, start: number, end: number): boolean {
  if (((text[start] as number) | 0x20) !== 0x65) return false;
  const sign = text[start + 1];
  const from = sign === MINUS || sign === 0x2b ? start + 2 : start + 1;
  return from < end && pastDigits(text, from, end) === end;
}

/** `yyyy-mm-dd` for dates; with ` hh:mm`, seconds and a zone, timestamps. */
function kindOfTime(text: Uint8Array, start: number, end: number): number {
  if (!isDay(text, start)) return TEXT;
  let at = start + DATE_BYTES;
  if (at === end) return DATE;
  const between = text[at];
  if ((between !== 0x54 && between !== 0x20) || !isTwoByTwo(text, at + 1)) return TEXT;
  at += 6;
  if (at + 3 <= end && text[at] === COLON && areTwoDigits(text, at + 1)) {
    at += 3;
    if (text[at] === POINT && at < end) {
      const fraction = at + 1;
      at = pastDigits(text, fraction, end);
      if (at === fraction) return TEXT;
    }
  }
  return isZone(text, at, end) ? TIMESTAMP : TEXT;
}

/** True for nothing, `Z`, `+hh`, `+hhmm` and `+hh:mm`. */
function isZone(text: Uint8Array, at: number, end: number): boolean {
  const length = end - at;
  if (length <= 0) return length === 0;
  if (text[at] === 0x5a) return length === 1;
  if (text[at] !== MINUS && text[at] !== 0x2b) return false;
  if (length === 3 || length === 5) return pastDigits(text, at + 1, end) === end;
  return length === 6 && isTwoByTwo(text, at + 1);
}

/** True for `dddd-dd-dd`. */
function isDay(text: Uint8Array, at: number): boolean {
  return (
    areTwoDigits(text, at) &&
    areTwoDigits(text, at + 2) &&
    text[at + 4] === MINUS &&
    areTwoDigits(text, at + 5) &&
    text[at + 7] === MINUS &&
    areTwoDigits(text, at + 8)
  );
}

/** True for `dd:dd`. */
function isTwoByTwo(text: Uint8Array, at: number): boolean {
  return areTwoDigits(text, at) && text[at + 2] === COLON && areTwoDigits(text, at + 3);
}

function areTwoDigits(text: Uint8Array, at: number): boolean {
  return isDigit(text[at]) && isDigit(text[at + 1]);
}

function isDigit(byte = 0): boolean {
  return byte >= ZERO && byte < COLON;
}

/** The place after digits. */
function pastDigits(text: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (text[at] as number) >= ZERO && (text[at] as number) < COLON) at += 1;
  return at;
}
