import { errorMessage } from "../errors.ts";
import { isPath, pathBytes, pathText } from "../lib/pep383.ts";
import type { Entry } from "./types.ts";

/** Bytes of a manifest line, at most. */
export const MAX_LINE_BYTES = 1024 * 1024;
/**
 * Bytes of a path, at most: no real path is as long, and hundreds of a megabyte each would take all
 * memory.
 */
const MAX_PATH_BYTES = 64 * 1024;
/** The year 5138 in seconds since epoch; a larger number is in milliseconds. */
const MAX_MTIME = 1e11;
/** Objects at which a glued line is searched for an entry, from its end, at most. */
const MAX_SALVAGE = 64;

/**
 * Matches a line as pipelines write it, with its line feed: the three fields, nothing escaped, an
 * mtime of ten digits at most. Its parts are the same as JSON.parse gives, in half the time.
 */
const plainLine =
  // oxlint-disable-next-line no-control-regex
  /\{"raw": ?"([^"\\\u0000-\u001f]+)", ?"bronze": ?"([^"\\\u0000-\u001f]+)", ?"mtime": ?([1-9]\d{0,9}(?:\.\d{1,9})?)\}\n/y;

/** A parsed line: an entry, a reason why not, both where lines are glued, or nothing. */
export interface ParsedLine {
  readonly entry?: Entry;
  readonly reason?: string;
}

/**
 * The entry of a plain line of ASCII text that begins at `at`; undefined for any other kind of
 * line.
 */
export function plainEntryAt(text: string, at: number): Entry | undefined {
  plainLine.lastIndex = at;
  const [, raw = "", bronze = "", mtime] = plainLine.exec(text) ?? [];
  const isPlain = mtime !== undefined && Math.max(raw.length, bronze.length) <= MAX_PATH_BYTES;
  return isPlain ? { raw, bronze, mtime: Number(mtime) } : undefined;
}

/** Plain lines that follow each other. */
export interface PlainLines {
  /** Index after the last of them. */
  readonly end: number;
  readonly lines: number;
}

/**
 * Passes over the plain lines that begin at `at`: `parseLine` gives an entry and no reason for each.
 * `text` is UTF-8 with a character for each byte, and ends with a line feed.
 */
export function plainLinesAt(text: string, at: number): PlainLines {
  let [end, lines] = [at, 0];
  plainLine.lastIndex = at;
  while (plainLine.test(text)) {
    // In so short a line no path is too long.
    if (plainLine.lastIndex - end > MAX_PATH_BYTES) break;
    end = plainLine.lastIndex;
    lines += 1;
  }
  return { end, lines };
}

/**
 * Parses one manifest line, without its line feed. A line that is not an entry may end with one
 * (half a line with a whole one glued to it): then that entry is taken, and the rest is the reason.
 */
export function parseLine(line: string): ParsedLine {
  const found = parseEntry(line);
  if (found === undefined) return {};
  if (typeof found !== "string") return { entry: found };
  const glued = lastEntry(line);
  return glued === undefined
    ? { reason: found }
    : { entry: glued, reason: `glued lines: ${found}` };
}

/** The entry of a line, the reason why it is none, or undefined for a blank line. */
function parseEntry(line: string): Entry | string | undefined {
  if (/^\s*$/.test(line)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `not JSON: ${whatIsWrong(error, line)}`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "not a JSON object";
  const { raw, bronze, mtime } = value as Record<string, unknown>;
  return whyNoPath("raw", raw) ?? whyNoPath("bronze", bronze) ?? whyNoTime(mtime) ?? entryOf(value);
}

/** The parser's message; it quotes the line, and a URL in that may have a secret. */
function whatIsWrong(error: unknown, line: string): string {
  // As every store keeps it: lines that people have seen are known by their reason.
  const message = errorMessage(error).slice(0, 200).toWellFormed().replaceAll("\0", "\ufffd");
  return /:\/\/|[?&=]/.test(line) ? message.replace(/".*"/s, "…") : message;
}

function entryOf(value: object): Entry {
  const { raw, bronze, mtime } = value as Entry;
  return { raw: canonical(raw), bronze: canonical(bronze), mtime };
}

/** Gives one name one string: escaped bytes that are a character become that character. */
function canonical(path: string): string {
  return path.isWellFormed() ? path : pathText(pathBytes(path));
}

function whyNoPath(field: string, value: unknown): string | undefined {
  if (value === undefined) return `${field} is missing`;
  if (typeof value !== "string" || value === "") return `${field} is not a non-empty string`;
  if (!isPath(value)) return `${field} is not a path: it holds a NUL or half a character`;
  // A character has three bytes at most: as a rule nothing has to be counted.
  const mayBeTooLong = value.length > MAX_PATH_BYTES / 3;
  const isTooLong = mayBeTooLong && Buffer.byteLength(value) > MAX_PATH_BYTES;
  return isTooLong ? `${field} is longer than 64 KiB` : undefined;
}

function whyNoTime(value: unknown): string | undefined {
  if (value === undefined) return "mtime is missing";
  if (typeof value !== "number" || !Number.isFinite(value)) return "mtime is not a finite number";
  if (Math.abs(value) <= MAX_MTIME) return undefined;
  return `mtime ${value} looks like milliseconds: it has to be seconds since epoch`;
}

function lastEntry(line: string): Entry | undefined {
  let at = line.length;
  for (let tries = 0; tries < MAX_SALVAGE; tries += 1) {
    at = line.lastIndexOf("{", at - 1);
    if (at <= 0) return undefined;
    const found = parseEntry(line.slice(at));
    if (found !== undefined && typeof found !== "string") return found;
  }
  return undefined;
}
