import type { ArchiveEntry } from "../listing.ts";

/** Headers and data of a tar are padded to this many bytes (POSIX.1 ustar). */
export const BLOCK_BYTES = 512;

/** A tar header block, as it stands. */
export interface TarHeader extends ArchiveEntry {
  /** The type flag: `0` file, `5` directory, `L` GNU long name, `x` pax, … */
  readonly type: string;
  /** Bytes an old GNU sparse member unpacks to. */
  readonly realSize?: number;
}

/** Parses one header block; undefined when its checksum does not hold. */
export function parseHeader(block: Uint8Array): TarHeader | undefined {
  if (!isHeader(block)) return undefined;
  const name = textOf(block, 0, 100);
  const isUstar = block[257] === 0x75 && block[262] === 0;
  const prefix = isUstar ? textOf(block, 345, 155) : new Uint8Array();
  const type = String.fromCharCode(block[156] || 0x30);
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]),
    size: numberOf(block, 124, 12),
    mtime: numberOf(block, 136, 12),
    type,
    ...(type === "S" ? { realSize: numberOf(block, 483, 12) } : {}),
  };
}

/** True when the map of an old GNU sparse member goes on in the block after this one. */
export function sparseGoesOn(block: Uint8Array, isFirst: boolean): boolean {
  return (block[isFirst ? 482 : 504] ?? 0) !== 0;
}

/** True when a file begins like a tar: with a valid header that names something. */
export function isNamedHeader(block: Uint8Array): boolean {
  return block[0] !== 0 && isHeader(block);
}

/** True when a block has the checksum of a tar header over its bytes, signed or unsigned. */
function isHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_BYTES) return false;
  let unsigned = 8 * 0x20;
  let signed = 8 * 0x20;
  for (let i = 0; i < BLOCK_BYTES; i += 1) {
    if (i >= 148 && i < 156) continue;
    const byte = block[i] as number;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const written = numberOf(block, 148, 8);
  return written === unsigned || written === signed;
}

/** Keys of a pax header that are used. */
const PAX_KEYS: ReadonlySet<string> = new Set([
  "path",
  "size",
  "mtime",
  "GNU.sparse.name",
  "GNU.sparse.realsize",
  "GNU.sparse.size",
]);

/** The longest of them. */
const MAX_KEY_BYTES = 19;
const SPACE = 0x20;
const EQUALS = 0x3d;
const ZERO = 0x30;

/**
 * The `key=value` records of a pax header that are used; values as bytes, since names need not be
 * UTF-8. `count` is the number of all records.
 */
export function parsePax(bytes: Uint8Array): {
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly count: number;
} {
  const records = new Map<string, Uint8Array>();
  let count = 0;
  for (let at = 0; at < bytes.length; count += 1) {
    const space = bytes.indexOf(SPACE, at);
    const end = at + decimalOf(bytes, at, space);
    if (!(end > space) || end > bytes.length) break;
    const equals = bytes.indexOf(EQUALS, space);
    if (equals > 0 && equals < end && equals - space - 1 <= MAX_KEY_BYTES) {
      const key = asciiOf(bytes.subarray(space + 1, equals));
      if (PAX_KEYS.has(key)) records.set(key, bytes.subarray(equals + 1, end - 1));
    }
    at = end;
  }
  return { records, count };
}

/** The decimal number at `start`, up to `end`; NaN where there is something else. */
function decimalOf(bytes: Uint8Array, start: number, end: number): number {
  let number = end > start ? 0 : NaN;
  for (let i = start; i < end; i += 1) {
    const digit = (bytes[i] as number) - ZERO;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : NaN;
  }
  return number;
}

/** A pax number, or undefined when it is not there. */
export function paxNumber(pax: ReadonlyMap<string, Uint8Array>, key: string): number | undefined {
  const value = pax.get(key);
  const number = value === undefined ? NaN : Number(asciiOf(value));
  return Number.isFinite(number) ? number : undefined;
}

/** Octal digits, or base 256 where the first bit is set (GNU); NaN where there is something else. */
function numberOf(block: Uint8Array, start: number, length: number): number {
  const first = block[start] as number;
  if ((first & 0x80) === 0) {
    const field = asciiOf(block.subarray(start, start + length));
    const digits = /^[\0 ]*([0-7]*)(?:[\0 ]|$)/.exec(field)?.[1];
    return digits === undefined ? NaN : Number.parseInt(`0${digits}`, 8);
  }
  let value = first === 0xff ? -1 : first & 0x7f;
  for (let i = start + 1; i < start + length; i += 1) value = value * 256 + (block[i] as number);
  return value;
}

function textOf(block: Uint8Array, start: number, length: number): Uint8Array {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function asciiOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
