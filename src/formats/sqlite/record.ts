import { invalid } from "./invalid.ts";
import { varint, varintAt } from "./varint.ts";

/** The encoding of all texts of a database. */
export type TextEncoding = "utf8" | "utf16le" | "utf16be";

/** A value as it is stored: its serial type ("Record Format"), and the bytes that it has. */
export interface Field {
  readonly type: number;
  readonly bytes: Buffer;
}

/** A value: integers exactly, texts as bytes in the database's encoding. */
export type Value =
  | { readonly kind: "null" }
  | { readonly kind: "number"; readonly number: number | bigint }
  | { readonly kind: "text" | "blob"; readonly bytes: Buffer };

const NULL = 0;
const REAL = 7;
const ZERO = 8;
const ONE = 9;
/** Types from here on are blobs where they are even, texts where they are odd. */
const FIRST_BLOB = 12;
/** Bytes of numbers, by their serial types; 10 and 11 are not used in files. */
const NUMBER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
const empty = Buffer.alloc(0);

export const nullField: Field = { type: NULL, bytes: empty };

/** The fields of a record. @throws Failure FORMAT_INVALID, RangeError */
export function fieldsOf(record: Buffer): Field[] {
  const header = varintAt(record, 0);
  const fields: Field[] = [];
  let at = header.value;
  let from = header.end;
  while (from < header.value) {
    const { value: type, end } = varintAt(record, from);
    from = end;
    const width = type >= FIRST_BLOB ? Math.floor((type - FIRST_BLOB) / 2) : NUMBER_BYTES[type];
    if (width === undefined || at + width > record.length) throw invalid("a record is cut off");
    fields.push({ type, bytes: record.subarray(at, at + width) });
    at += width;
  }
  if (from !== header.value || at !== record.length) throw invalid("a record is of another length");
  return fields;
}

/** The record of some fields. */
export function recordOf(fields: readonly Field[]): Buffer {
  const types = Buffer.concat(fields.map(({ type }) => varint(type)));
  let size = types.length + 1;
  // Its own length counts as well.
  if (varint(size).length > 1) size = types.length + varint(types.length + 2).length;
  return Buffer.concat([varint(size), types, ...fields.map(({ bytes }) => bytes)]);
}

/** The value of a field. SQLite reads what is not a number as null. */
export function valueOf({ type, bytes }: Field): Value {
  if (type >= FIRST_BLOB) return { kind: type % 2 === 0 ? "blob" : "text", bytes };
  if (type === NULL) return { kind: "null" };
  if (type === ZERO || type === ONE) return { kind: "number", number: BigInt(type - ZERO) };
  if (type !== REAL) {
    const number =
      bytes.length === 8 ? bytes.readBigInt64BE(0) : BigInt(bytes.readIntBE(0, bytes.length));
    return { kind: "number", number };
  }
  const number = bytes.readDoubleBE(0);
  return Number.isNaN(number) ? { kind: "null" } : { kind: "number", number };
}

/** An integer as SQLite stores it, in as few bytes as there are; 0 and 1 in none since `schemaFormat` 4. */
export function integerField(value: bigint, schemaFormat: number): Field {
  if ((value === 0n || value === 1n) && schemaFormat >= 4) {
    return { type: ZERO + Number(value), bytes: empty };
  }
  const width = [1, 2, 3, 4, 6].find((some) => BigInt.asIntN(some * 8, value) === value) ?? 8;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return { type: NUMBER_BYTES.indexOf(width), bytes: bytes.subarray(8 - width) };
}

export function realField(value: number): Field {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { type: REAL, bytes };
}

export function textField(text: string, encoding: TextEncoding): Field {
  const bytes = Buffer.from(text, encoding === "utf8" ? "utf8" : "utf16le");
  if (encoding === "utf16be") bytes.swap16();
  return { type: FIRST_BLOB + 1 + 2 * bytes.length, bytes };
}

export function blobField(bytes: Buffer): Field {
  return { type: FIRST_BLOB + 2 * bytes.length, bytes };
}

/** The text that bytes are in a database's encoding. */
export function textIn(bytes: Buffer, encoding: TextEncoding): string {
  if (encoding === "utf8") return bytes.toString("utf8");
  const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return (encoding === "utf16be" ? whole.swap16() : whole).toString("utf16le");
}
