import { kindOfCell, KINDS } from "../shape/kinds.ts";
import type { Column, Options } from "./contract.ts";

/**
 * True where the bytes of a cell without quotes are certain to meet all that is asked of a column's
 * values, one by one. False says nothing: the text of the cell has to be judged.
 */
export type QuickTest = (bytes: Uint8Array, start: number, end: number) => boolean;

type Typed = "integer" | "number" | "boolean" | "date" | "timestamp";

/** The kinds whose values have a type, whatever else is asked of a time or number: a bit for each. */
const kindsOf: Readonly<Record<Typed, number>> = {
  integer: bitsOf("integer"),
  number: bitsOf("integer", "number"),
  boolean: bitsOf("boolean"),
  date: bitsOf("date"),
  timestamp: bitsOf("date", "timestamp"),
};

/** Digits of a whole number that a double holds exactly. */
const EXACT_DIGITS = 15;
/** Bytes of a character, at most. */
const CHARACTER_BYTES = 4;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;

const LENGTHS = ["minLength", "maxLength"];
const BOUNDS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

/** The quick test of a column; undefined where something is asked that it does not know. */
export function quickTestOf({ type, options, spelling, rules }: Column): QuickTest | undefined {
  const isNumeric = type === "integer" || type === "number";
  const known = isNumeric ? [...LENGTHS, ...BOUNDS] : LENGTHS;
  const isKnown = definedIn(options).every((name) => known.includes(name));
  if (!isKnown || rules.length > 0 || definedIn(spelling).length > 0) return undefined;
  const hasLength = lengthTest(options);
  if (type === undefined || type === "string") return hasLength;
  if (!Object.hasOwn(kindsOf, type)) return undefined;
  const kinds = kindsOf[type as Typed];
  const isWithin = type === "boolean" ? undefined : isNumeric ? boundsTest(options) : isTimeInRange;
  return (bytes, start, end) =>
    (kinds & (1 << kindOfCell(bytes, start, end))) !== 0 &&
    hasLength(bytes, start, end) &&
    (isWithin === undefined || isWithin(bytes, start, end));
}

function bitsOf(...kinds: readonly (typeof KINDS)[number][]): number {
  return kinds.reduce((bits, kind) => bits | (1 << KINDS.indexOf(kind)), 0);
}

function definedIn(about: object): string[] {
  return Object.entries(about).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

/** A test of the number of characters, of which there are fewer than bytes. An empty cell fails it. */
function lengthTest({ minLength = 1, maxLength = Infinity }: Options): QuickTest {
  const least = minLength <= 1 ? 1 : minLength * CHARACTER_BYTES;
  return (_, start, end) => end - start >= least && end - start <= maxLength;
}

/** A test of a number without sign and exponent by its digits before the point. */
function boundsTest(options: Options): QuickTest | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = options;
  const asked = [minimum, maximum, exclusiveMinimum, exclusiveMaximum];
  if (asked.every((bound) => bound === undefined)) return undefined;
  const least = Math.max(...[minimum, exclusiveMinimum].map((bound) => Number(bound ?? -Infinity)));
  const most = Math.min(...[maximum, exclusiveMaximum].map((bound) => Number(bound ?? Infinity)));
  const isOpen = exclusiveMinimum !== undefined;
  return (bytes, start, end) => {
    let whole = 0;
    let at = start;
    for (; at < end && (bytes[at] as number) >= ZERO && (bytes[at] as number) < COLON; at += 1)
      whole = whole * 10 + (bytes[at] as number) - ZERO;
    const hasEnded = at === end || (bytes[at] === POINT && areDigits(bytes, at + 1, end));
    return (
      hasEnded &&
      at - start <= EXACT_DIGITS &&
      at > start &&
      (isOpen ? whole > least : whole >= least) &&
      whole + 1 < most
    );
  };
}

function areDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1)
    if ((bytes[i] as number) < ZERO || (bytes[i] as number) >= COLON) return false;
  return true;
}

/** True for a day that each month has, and a time of day; the bytes have the form of a time. */
function isTimeInRange(bytes: Uint8Array, start: number, end: number): boolean {
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if (month < 1 || month > 12 || day < 1 || day > (month === 2 ? 28 : 30)) return false;
  if (end - start === 10) return true;
  if (twoDigits(bytes, start + 11) > 23 || twoDigits(bytes, start + 14) > 59) return false;
  const hasSeconds = end - start > 16 && bytes[start + 16] === COLON;
  return !hasSeconds || twoDigits(bytes, start + 17) < 60;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO;
}
