import type { Raw } from "./thrift.ts";

/** Values in Thrift's compact protocol, ready to be a field of a struct. */

/** A signed integer of 32 bits. */
export function i32(value: number): Raw {
  return { type: 5, bytes: zigzag(value) };
}

/** A signed integer of 64 bits, exact up to 2^53. */
export function i64(value: number): Raw {
  return { type: 6, bytes: zigzag(value) };
}

/** A list of values of one wire type. */
export function listOf(type: number, items: readonly Raw[]): Raw {
  const { length } = items;
  const head = length < 15 ? [(length << 4) | type] : [0xf0 | type, ...varint(length)];
  return { type: 9, bytes: Buffer.concat([Buffer.from(head), ...items.map(({ bytes }) => bytes)]) };
}

/** A struct of the fields that are there, by id. */
export function structOf(fields: Readonly<Record<number, Raw | undefined>>): Raw {
  const parts: Uint8Array[] = [];
  let previous = 0;
  // Keys that are integers come in ascending order.
  for (const [key, field] of Object.entries(fields)) {
    if (field === undefined) continue;
    const id = Number(key);
    const delta = id - previous;
    const head = delta <= 15 ? [(delta << 4) | field.type] : [field.type, ...zigzag(id)];
    parts.push(Buffer.from(head), field.bytes);
    previous = id;
  }
  return { type: 12, bytes: Buffer.concat([...parts, Buffer.from([0])]) };
}

/** An unsigned number in groups of seven bits (ULEB128). */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

function zigzag(value: number): Uint8Array {
  return Buffer.from(varint(value >= 0 ? value * 2 : -value * 2 - 1));
}
