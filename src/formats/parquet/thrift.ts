import { Failure } from "../../errors.ts";

/** A place in bytes; reading moves it on. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** A value as it stands in the file: its wire type and its bytes. */
export interface Raw {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Reads one value of a wire type. @throws `underflow`; Failure FORMAT_INVALID */
export type Reader<T> = (cursor: Cursor, type: number) => T;

type Shape = Readonly<Record<string, readonly [id: number, read: Reader<unknown>]>>;
type Struct<S extends Shape> = { readonly [K in keyof S]?: ReturnType<S[K][1]> };

/** Wire types of Thrift's compact protocol. */
const TRUE = 1;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;
const UUID = 13;

/** Levels of nesting at most; deeper values are nonsense. */
const MAX_DEPTH = 64;
/**
 * Elements of a list at most, since lists are held in memory; no schema has as many elements, no
 * row group as many columns.
 */
const MAX_ELEMENTS = 100_000;

/** Thrown where bytes end too early: with more of them, reading may succeed. */
export const underflow = new Error("the bytes end too early");

/** A Parquet file that is not what the specification says. */
export function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole Parquet: ${what}`);
}

/** One byte. */
export function readByte(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === undefined) throw underflow;
  cursor.at += 1;
  return byte;
}

/** An unsigned number in groups of seven bits (ULEB128); not exact above 2^53. */
export function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 70; scale *= 128) {
    const byte = readByte(cursor);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw invalid("a number of more than ten bytes");
}

/** A signed integer of any width. */
export function int(cursor: Cursor, type: number): number {
  if (type === BYTE) return (readByte(cursor) << 24) >> 24;
  if (type !== I16 && type !== I32 && type !== I64) throw invalid(`wire type ${type} for a number`);
  const zigzag = readVarint(cursor);
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}

/** A boolean field, whose value is its wire type. */
export function bool(_cursor: Cursor, type: number): boolean {
  return type === TRUE;
}

/** Any value, as its bytes. */
export function raw(cursor: Cursor, type: number): Raw {
  const start = cursor.at;
  skip(cursor, type, MAX_DEPTH);
  return { type, bytes: cursor.bytes.slice(start, cursor.at) };
}

/** Text in UTF-8, for messages. */
export function text(cursor: Cursor, type: number): string {
  if (type !== BINARY) throw invalid(`wire type ${type} for text`);
  const length = readVarint(cursor);
  const start = cursor.at;
  advance(cursor, length);
  return Buffer.from(cursor.bytes.subarray(start, cursor.at)).toString("utf8");
}

/** A list whose elements `read` reads. @throws Failure LIMIT_EXCEEDED when it is too long */
export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (cursor, type) => {
    if (type !== LIST) throw invalid(`wire type ${type} for a list`);
    const { length, element } = readListHeader(cursor);
    if (length > MAX_ELEMENTS) {
      throw new Failure("LIMIT_EXCEEDED", `its metadata has a list of ${length} elements`);
    }
    const items: T[] = [];
    while (items.length < length) items.push(read(cursor, element));
    return items;
  };
}

/** The head of a list: how many elements, and of which wire type. */
export function readListHeader(cursor: Cursor): { length: number; element: number } {
  const byte = readByte(cursor);
  const length = byte >> 4 === 15 ? readVarint(cursor) : byte >> 4;
  return { length, element: byte & 15 };
}

/** A struct: the fields of `shape` that are there; others are passed over. */
export function struct<S extends Shape>(shape: S): Reader<Struct<S>> {
  const known = new Map(Object.entries(shape).map(([name, [id, read]]) => [id, { name, read }]));
  return (cursor, type) => {
    if (type !== STRUCT) throw invalid(`wire type ${type} for a struct`);
    const found: Record<string, unknown> = {};
    for (let id = 0; ;) {
      const field = readFieldHeader(cursor, id);
      if (field === undefined) return found as Struct<S>;
      id = field.id;
      const wanted = known.get(id);
      if (wanted === undefined) skip(cursor, field.type, MAX_DEPTH);
      else found[wanted.name] = wanted.read(cursor, field.type);
    }
  };
}

/** Reads a struct that stands by itself. */
export function readStruct<T>(cursor: Cursor, read: Reader<T>): T {
  return read(cursor, STRUCT);
}

/** The next field of a struct, or undefined at its end. `previous` is the id before, or 0. */
export function readFieldHeader(
  cursor: Cursor,
  previous: number,
): { id: number; type: number } | undefined {
  const byte = readByte(cursor);
  if (byte === 0) return undefined;
  const type = byte & 15;
  return { id: byte >> 4 === 0 ? int(cursor, I16) : previous + (byte >> 4), type };
}

/** Passes over a value. */
function skip(cursor: Cursor, type: number, depth: number): void {
  if (depth === 0) throw invalid(`metadata nested more than ${MAX_DEPTH} deep`);
  if (type === TRUE || type === TRUE + 1) return;
  if (type === BYTE) advance(cursor, 1);
  else if (type === I16 || type === I32 || type === I64) readVarint(cursor);
  else if (type === DOUBLE) advance(cursor, 8);
  else if (type === UUID) advance(cursor, 16);
  else if (type === BINARY) advance(cursor, readVarint(cursor));
  else if (type === LIST || type === SET) skipList(cursor, depth);
  else if (type === MAP) skipMap(cursor, depth);
  else if (type === STRUCT) skipStruct(cursor, depth);
  else throw invalid(`wire type ${type}`);
}

function skipList(cursor: Cursor, depth: number): void {
  const { length, element } = readListHeader(cursor);
  for (let i = 0; i < length; i += 1) skipElement(cursor, element, depth);
}

function skipMap(cursor: Cursor, depth: number): void {
  const length = readVarint(cursor);
  if (length === 0) return;
  const types = readByte(cursor);
  for (let i = 0; i < length; i += 1) {
    skipElement(cursor, types >> 4, depth);
    skipElement(cursor, types & 15, depth);
  }
}

/** In a collection a boolean takes a byte; as a field it takes none. */
function skipElement(cursor: Cursor, type: number, depth: number): void {
  if (type === TRUE || type === TRUE + 1) advance(cursor, 1);
  else skip(cursor, type, depth - 1);
}

function skipStruct(cursor: Cursor, depth: number): void {
  for (let id = 0; ;) {
    const field = readFieldHeader(cursor, id);
    if (field === undefined) return;
    id = field.id;
    skip(cursor, field.type, depth - 1);
  }
}

function advance(cursor: Cursor, length: number): void {
  if (length > cursor.bytes.length - cursor.at) throw underflow;
  cursor.at += length;
}
