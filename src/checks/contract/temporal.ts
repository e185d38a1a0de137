import type { ColumnType } from "./contract.ts";

/** Reads the text of a date or time: ms since epoch or midnight, or undefined where it is none. */
export type ReadTime = (text: string) => number | undefined;

type Part = "year" | "month" | "day" | "hour" | "minute" | "second" | "fraction" | "half" | "zone";

const DAY_MS = 86_400_000;
const DASH = 0x2d;
const ZONE = /^ ?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** ISO 8601, as databases and programs write it; read without an expression, since most is so. */
const iso = {
  date: (text: string) => (text.length === 10 ? isoDay(text) : undefined),
  timestamp: isoTimestamp,
  time: (text: string) => isoTime(text, 0),
};

/** The parts that are not said. */
const START: Readonly<Record<Part, number>> = {
  year: 1970,
  month: 1,
  day: 1,
  hour: 0,
  minute: 0,
  second: 0,
  fraction: 0,
  half: 0,
  zone: 0,
};

/** Runs of letters of JDK's DateTimeFormatter: the pattern of what they stand for, and its meaning. */
const letters: Readonly<Record<string, readonly [pattern: string, part: Part]>> = {
  yyyy: ["(\\d{4})", "year"],
  y: ["(\\d{1,4})", "year"],
  yy: ["(\\d\\d)", "year"],
  // Many mean the year and the day of the month by these.
  YYYY: ["(\\d{4})", "year"],
  MM: ["(\\d\\d)", "month"],
  M: ["(\\d{1,2})", "month"],
  dd: ["(\\d\\d)", "day"],
  d: ["(\\d{1,2})", "day"],
  DD: ["(\\d\\d)", "day"],
  HH: ["(\\d\\d)", "hour"],
  H: ["(\\d{1,2})", "hour"],
  hh: ["(\\d\\d)", "hour"],
  h: ["(\\d{1,2})", "hour"],
  mm: ["(\\d\\d)", "minute"],
  m: ["(\\d{1,2})", "minute"],
  ss: ["(\\d\\d)", "second"],
  s: ["(\\d{1,2})", "second"],
  a: ["([AaPp][Mm])", "half"],
};

/**
 * The reader of a column's dates or times: ISO 8601, or by letters of JDK's DateTimeFormatter, of
 * which `y M d H h m s S a X Z` and literals are known. Returns undefined for other letters.
 * `withTime` allows a time of day where a date is asked for.
 */
export function timeReader(
  type: Extract<ColumnType, "date" | "timestamp" | "time">,
  format: string | undefined,
  withTime: boolean,
): ReadTime | undefined {
  if (format !== undefined) return formatReader(format);
  return iso[type === "date" && withTime ? "timestamp" : type];
}

/** Reads a bound, which may be written as a column's values are, or by ISO 8601. */
export function timeBound(text: string, read: ReadTime): number | undefined {
  return read(text) ?? iso.timestamp(text) ?? iso.time(text);
}

function formatReader(format: string): ReadTime | undefined {
  const parts: Part[] = [];
  const pattern: string[] = [];
  for (const [token] of format.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+/g)) {
    const known = letterOf(token);
    if (known === undefined) {
      // Many write the T of ISO 8601 without quotes around it.
      if (/^[A-Za-z]/.test(token) && token !== "T") return undefined;
      pattern.push(literal(token));
    } else {
      pattern.push(known[0]);
      parts.push(known[1]);
    }
  }
  return parts.length === 0 ? undefined : readerOf(pattern.join(""), parts);
}

function letterOf(token: string): readonly [string, Part] | undefined {
  if (/^S+$/.test(token)) return [`(\\d{${token.length}})`, "fraction"];
  if (/^[XZ]+$/i.test(token) && !token.startsWith("z"))
    return ["(Z|[+-]\\d\\d(?::?\\d\\d)?)", "zone"];
  return Object.hasOwn(letters, token) ? letters[token] : undefined;
}

function literal(token: string): string {
  const text = token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") || "'" : token;
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** The reader of texts that a pattern matches, whose groups are these parts. */
function readerOf(pattern: string, parts: readonly Part[]): ReadTime {
  const whole = new RegExp(`^${pattern}$`, "i");
  return (text) => {
    const found = whole.exec(text);
    if (found === null) return undefined;
    const is: Record<Part, number> = { ...START };
    let isAfternoon: boolean | undefined;
    for (const [i, part] of parts.entries()) {
      const said = found[i + 1] as string;
      if (part === "half") isAfternoon = /^p/i.test(said);
      else is[part] = valueOf(part, said);
    }
    if (isAfternoon !== undefined && (is.hour < 1 || is.hour > 12)) return undefined;
    const hour = isAfternoon === undefined ? is.hour : (is.hour % 12) + (isAfternoon ? 12 : 0);
    const day = dayMs(is.year, is.month, is.day);
    const time = timeMs(hour, is.minute, is.second);
    return day === undefined || time === undefined ? undefined : day + time + is.fraction - is.zone;
  };
}

function valueOf(part: Part, said: string): number {
  if (part === "zone") return offsetOf(said);
  if (part === "fraction") return Number(`0.${said}`) * 1000;
  return part === "year" && said.length === 2 ? 2000 + Number(said) : Number(said);
}

/** Reads `2026-01-18` at the beginning of a text. */
function isoDay(text: string): number | undefined {
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return undefined;
  return dayMs(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
}

function isoTimestamp(text: string): number | undefined {
  const day = isoDay(text);
  // Midnight is often left out.
  if (day === undefined || text.length === 10) return day;
  if (text[10] !== "T" && text[10] !== " ") return undefined;
  const time = isoTime(text, 11);
  return time === undefined ? undefined : day + time;
}

/** Reads `14:30`, `14:30:07.5` or `14:30:07+02:00` from a place of a text to its end. */
function isoTime(text: string, from: number): number | undefined {
  if (text[from + 2] !== ":") return undefined;
  const hasSeconds = text[from + 5] === ":";
  const seconds = hasSeconds ? digits(text, from + 6, 2) : 0;
  const ms = timeMs(digits(text, from, 2), digits(text, from + 3, 2), seconds);
  let at = from + (hasSeconds ? 8 : 5);
  if (ms === undefined || at >= text.length) return at > text.length ? undefined : ms;
  let fraction = 0;
  if (hasSeconds && (text[at] === "." || text[at] === ",")) {
    const start = at + 1;
    for (at = start; isDigit(text.charCodeAt(at)); at += 1);
    if (at === start) return undefined;
    fraction = Number(`0.${text.slice(start, at)}`) * 1000;
  }
  const zone = ZONE.exec(text.slice(at));
  return zone === null ? undefined : ms + fraction - offsetOf(zone[1] ?? "Z");
}

/** The number of some digits; NaN where one is none. */
function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let i = from; i < from + count; i += 1) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return NaN;
    number = number * 10 + code - 0x30;
  }
  return number;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The beginning of a day of the Gregorian calendar, ms since epoch; undefined where there is none. */
function dayMs(year: number, month: number, day: number): number | undefined {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= lengthOf(year, month)))
    return undefined;
  // Days since 0000-03-01, so that the leap day is the last of a year.
  const years = month > 2 ? year : year - 1;
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return (years * 365 + leaps + ofYear - 719_468) * DAY_MS;
}

function lengthOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** A time of day in ms, 24:00 and a leap second included; undefined where there is none. */
function timeMs(hour: number, minute: number, second: number): number | undefined {
  const isMidnight = hour === 24 && minute === 0 && second === 0;
  if (!isMidnight && !(hour < 24 && minute < 60 && second <= 60)) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** The ms by which a zone is ahead of UTC. */
function offsetOf(zone: string): number {
  if (/^z$/i.test(zone)) return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  const digits = zone.replaceAll(/\D/g, "");
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0)) * 60_000;
}
