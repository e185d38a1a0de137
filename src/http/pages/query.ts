import { isPath, pathBytes, pathText } from "../../lib/pep383.ts";

/** Thrown for an address that nobody can mean; its message says what is expected. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadRequest";
  }
}

/** The query of an address, decoded: values may carry surrogate escapes (PEP 383). */
export type Query = ReadonlyMap<string, string>;

const unreserved = /[A-Za-z0-9\-._~/]/;
const percents = /^(?:[^%]|%[0-9A-Fa-f]{2})*$/;

/** A path as a part of an address: its bytes, so that names that are not UTF-8 come back whole. */
export function encoded(path: string): string {
  let text = "";
  for (const byte of Buffer.from(pathBytes(path) as string)) {
    const character = String.fromCharCode(byte);
    const isPlain = byte < 0x80 && unreserved.test(character);
    text += isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** The address of a view with some parameters; those that are undefined or empty are left out. */
export function address(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const parts = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => `${key}=${encoded(String(value))}`);
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
}

/**
 * Reads the part of an address after the `?`. Empty values are left out: a form sends them for
 * fields that were left blank.
 * @throws BadRequest for a parameter that is unknown, or there twice, or not encoded as it should
 * be
 */
export function queryOf(url: string, known: readonly string[]): Query {
  const start = url.indexOf("?");
  const query = new Map<string, string>();
  if (start < 0) return query;
  for (const part of url
    .slice(start + 1)
    .split("#", 1)[0]
    ?.split("&") ?? []) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = decoded(equals < 0 ? part : part.slice(0, equals));
    if (!known.includes(key)) {
      const names = known.length === 0 ? "none is" : `known here: ${known.join(", ")}`;
      throw new BadRequest(`There is no parameter “${key}”; ${names}.`);
    }
    if (query.has(key)) throw new BadRequest(`The parameter “${key}” is there twice.`);
    query.set(key, equals < 0 ? "" : decoded(part.slice(equals + 1)));
  }
  for (const [key, value] of query) if (value === "") query.delete(key);
  return query;
}

/** A parameter that is required. @throws BadRequest */
export function required(query: Query, key: string): string {
  const value = query.get(key);
  if (value === undefined) throw new BadRequest(`The parameter “${key}” is missing.`);
  if (!isPath(value)) throw new BadRequest(`The parameter “${key}” is not a name that can be.`);
  return value;
}

/** A parameter that has to be one of some words. @throws BadRequest */
export function chosen<T extends string>(
  query: Query,
  key: string,
  words: readonly T[],
): T | undefined {
  const value = query.get(key);
  if (value === undefined) return undefined;
  const word = words.find((each) => each === value);
  if (word === undefined) {
    throw new BadRequest(`“${key}” is “${value}”; it can be ${words.join(", ")}.`);
  }
  return word;
}

/** A parameter that is a whole number from `least` to `most`. @throws BadRequest */
export function numberIn(
  query: Query,
  key: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const value = query.get(key);
  if (value === undefined) return undefined;
  const n = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (n >= least && n <= most) return n;
  throw new BadRequest(
    `“${key}” is “${value}”; it can be a whole number from ${least} to ${most}.`,
  );
}

/** Text to look for. @throws BadRequest where it is longer than anybody can mean */
export function searched(query: Query, key: string): string | undefined {
  const value = query.get(key);
  if (value !== undefined && value.length > 1000) {
    throw new BadRequest(`“${key}” is ${value.length} characters long; 1,000 are enough.`);
  }
  return value;
}

/** A part of an address, decoded to the name it stands for. @throws BadRequest */
export function decoded(part: string): string {
  if (!percents.test(part)) {
    throw new BadRequest("A percent sign in the address is not followed by two hex digits.");
  }
  const bytes = Buffer.from(
    part
      .replaceAll("+", " ")
      .replace(/[^%]+/g, (plain) => Buffer.from(plain).toString("latin1"))
      .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  );
  return pathText(bytes);
}
