import { AsyncLocalStorage } from "node:async_hooks";

/** Characters of a cell by default. */
const SHORT = 200;
/** Characters of a cell that counts as whole: the cells of a hostile sample have an end, too. */
const WHOLE = 1024 * 1024;
const wanted = new AsyncLocalStorage<number>();

/** Characters of a cell; longer ones are cut. */
export function cellCharacters(): number {
  return wanted.getStore() ?? SHORT;
}

/** Decodes whole cells while `work` runs: up to a million characters each. */
export function withWholeCells<T>(work: () => T): T {
  return wanted.run(WHOLE, work);
}

/** Numbers that JSON.parse cannot hold exactly: their text as it stands in the file. */
interface RawJson {
  readonly rawJSON: string;
}

/** `JSON` with functions that are newer than the library of types. */
const json = JSON as unknown as {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
};

/**
 * A number that is shown as it is spelled here, also within JSON; a text where it is not a number.
 */
export function exact(number: string): unknown {
  return /^-?\d/.test(number) && !number.startsWith("0x") ? json.rawJSON(number) : number;
}

/** Cuts a text to the length of a cell, with `…` where something was left out. */
export function cut(text: string): string {
  const most = cellCharacters();
  if (text.length <= most) return text.toWellFormed();
  const kept = text.slice(0, most);
  // Half a character would be left where a pair is split.
  return `${(/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept).toWellFormed()}…`;
}

/**
 * Parses JSON; numbers that would change are kept as they are spelled. Returns what `cellOf` takes.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  try {
    return json.parse(text, (_, value, { source }) =>
      typeof value === "number" && source !== undefined && String(value) !== source
        ? json.rawJSON(source)
        : value,
    );
  } catch (error) {
    // What is nested too deeply to be gone over.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

/** Matches JSON in which an integer may be spelled as another number: with `.0`, or an exponent. */
const ODDLY_SPELLED = /\d(?:\.0*(?!\d)|[eE])/;

/**
 * Parses JSON for `kindOf`, which goes by the spelling of a number; digits may be lost. A tenth of the
 * time of `parseJson`. @throws SyntaxError
 */
export function parseForKinds(text: string): unknown {
  return ODDLY_SPELLED.test(text) ? parseJson(text) : JSON.parse(text);
}

/** A JSON value as a cell: text as it is, anything nested as compact JSON; null stays null. */
export function cellOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return cut(value);
  return compact(value);
}

/** The kind of a JSON value, as a column's type names it; undefined for null. */
export function kindOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (json.isRawJSON(value)) return /[.eE]/.test(value.rawJSON) ? "number" : "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "boolean";
  return Array.isArray(value) ? "list" : "object";
}

/** True when a value is an object with members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === "object";
}

/** JSON of a value, cut; it goes no further into a large or deep value than it shows. */
function compact(value: unknown): string {
  const most = cellCharacters();
  const parts: string[] = [];
  let length = 0;
  add(value);
  return cut(parts.join(""));

  function put(text: string): void {
    parts.push(text);
    length += text.length;
  }

  function add(item: unknown): void {
    if (length > most) return;
    if (json.isRawJSON(item)) put(item.rawJSON);
    else if (typeof item === "string") put(JSON.stringify(item.slice(0, most + 1)));
    else if (Array.isArray(item)) addAll("[", item.entries(), "]");
    else if (isObject(item)) addAll("{", membersOf(item), "}");
    else put(item === undefined ? "null" : String(item));
  }

  function addAll(
    open: string,
    members: Iterable<readonly [string | number, unknown]>,
    close: string,
  ): void {
    put(open);
    let separator = "";
    for (const [key, member] of members) {
      if (length > most) return;
      put(separator);
      if (typeof key === "string") put(`${JSON.stringify(key.slice(0, most + 1))}:`);
      add(member);
      separator = ",";
    }
    put(close);
  }
}

function* membersOf(item: Readonly<Record<string, unknown>>): Generator<[string, unknown]> {
  for (const key of Object.keys(item)) yield [key, item[key]];
}
