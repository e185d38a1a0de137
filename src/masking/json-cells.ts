import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from "../formats/json/bytes.ts";
import type { PlacedCell } from "./cells.ts";

/** The values of a JSON text. */
export interface JsonCells {
  readonly cells: readonly PlacedCell[];
  /** Keys of the records themselves: names of columns. */
  readonly names: ReadonlySet<string>;
  /** True where a value has no name: neither its own nor that of what it is in. */
  readonly hasNameless: boolean;
}

/** An array or object that is open. */
interface Open {
  readonly isObject: boolean;
  /** The path of what is in it, but for the key. */
  readonly path: string;
  /** The key that the next value has. */
  key: string | undefined;
}

/**
 * Finds the values of texts, from a byte on, that are known to be valid JSON: paths are dotted,
 * with `[]` for the elements of arrays, except for those of an outermost one, which are records.
 */
export function jsonCells(bytes: Uint8Array, from: number): JsonCells {
  const cells: PlacedCell[] = [];
  const names = new Set<string>();
  const open: Open[] = [];
  let hasNameless = false;
  for (let at = from; at < bytes.length;) {
    const byte = bytes[at] as number;
    const inner = open.at(-1);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isObject = byte === OPEN_OBJECT;
      open.push({ isObject, path: pathIn(inner, !isObject), key: undefined });
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) open.pop();
    else if (byte === COMMA && inner?.isObject === true) inner.key = undefined;
    else if (byte > 0x20 && byte !== COMMA && byte !== COLON) {
      const end = byte === QUOTE ? stringEnd(bytes, at) : wordEnd(bytes, at);
      take(at, end, inner);
      at = end;
      continue;
    }
    at += 1;
  }
  return { cells, names, hasNameless };

  function take(start: number, end: number, inner: Open | undefined): void {
    const source = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
    const isString = bytes[start] === QUOTE;
    const text = isString ? (JSON.parse(source) as string) : source;
    if (inner?.isObject === true && inner.key === undefined) {
      inner.key = text;
      if (inner.path === "") names.add(text);
      else cells.push({ path: inner.path, kind: "text", text, isKey: true, start, end });
      return;
    }
    const path = pathIn(inner, false);
    const kind = isString ? "text" : kindOf(source);
    if (path === "" && kind !== "null") hasNameless = true;
    cells.push({ path, kind, text, start, end });
  }
}

/** The path of a value, or, of an array, that of its elements. */
function pathIn(inner: Open | undefined, isArray: boolean): string {
  if (inner === undefined) return "";
  const { isObject, path, key } = inner;
  const own = isObject ? (path === "" ? (key as string) : `${path}.${key as string}`) : path;
  return isArray && own !== "" ? `${own}[]` : own;
}

function kindOf(word: string): "number" | "boolean" | "null" {
  if (word === "null") return "null";
  return word === "true" || word === "false" ? "boolean" : "number";
}

function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && !endsWord(bytes[at] as number)) at += 1;
  return at;
}

function endsWord(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT;
}
