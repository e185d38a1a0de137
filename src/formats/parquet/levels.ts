import { type Cursor, invalid, readByte, readVarint, underflow } from "./thrift.ts";

/** Numbers that `readHybrid` and `readBitPacked` fill. */
type Numbers = Uint8Array | Uint32Array;

/** Bits that a level up to `max` takes. */
export function bitsFor(max: number): number {
  return 32 - Math.clz32(max);
}

/**
 * Fills `out` from the hybrid of runs and bit-packed groups (Parquet's "RLE" encoding). Runs are as
 * long as the file says, but no more is taken than `out` has room for. `width` is the number of
 * bits of a number, 32 at most.
 * @throws `underflow`; Failure FORMAT_INVALID
 */
export function readHybrid(cursor: Cursor, width: number, out: Numbers): void {
  for (let have = 0; have < out.length;) {
    const head = readVarint(cursor);
    const room = out.length - have;
    if (head % 2 === 0) {
      const value = readFixed(cursor, Math.ceil(width / 8));
      const run = Math.min(head / 2, room);
      out.fill(value, have, have + run);
      have += run;
    } else {
      const groups = (head - 1) / 2;
      const count = Math.min(groups * 8, room);
      for (let i = 0; i < count; i += 1) {
        out[have + i] = unpack(cursor.bytes, cursor.at * 8 + i * width, width);
      }
      cursor.at += groups * width;
      have += count;
    }
  }
}

/** Fills `out` from the old BIT_PACKED encoding, which starts at the highest bit of a byte. */
export function readBitPacked(cursor: Cursor, width: number, out: Numbers): void {
  for (let i = 0; i < out.length; i += 1) {
    let value = 0;
    for (let bit = i * width; bit < (i + 1) * width; bit += 1) {
      const byte = cursor.bytes[cursor.at + (bit >> 3)];
      if (byte === undefined) throw underflow;
      value = (value << 1) | ((byte >> (7 - (bit & 7))) & 1);
    }
    out[i] = value;
  }
}

/** Powers of two: `**` would compute them each time. */
const powers = Array.from({ length: 33 }, (_, exponent) => 2 ** exponent);

/** The number of `width` (up to 32) bits that starts at bit `bit`, lowest bit first. */
export function unpack(bytes: Uint8Array, bit: number, width: number): number {
  const shift = bit % 8;
  let at = (bit - shift) / 8;
  let value = 0;
  let scale = 1;
  for (let bits = 0; bits < shift + width; bits += 8) {
    const byte = bytes[at];
    if (byte === undefined) throw underflow;
    value += byte * scale;
    scale *= 256;
    at += 1;
  }
  return Math.floor(value / (powers[shift] as number)) % (powers[width] as number);
}

/** Levels as runs of the hybrid, with their length before them, as a V1 page has them. */
export function encodeLevels(levels: Uint8Array): Uint8Array {
  const out = Buffer.alloc(4 + levels.length * 7);
  let at = 4;
  for (let i = 0; i < levels.length;) {
    const level = levels[i] as number;
    let end = i + 1;
    while (levels[end] === level) end += 1;
    let head = (end - i) * 2;
    for (; head >= 128; head >>>= 7) at = out.writeUInt8((head & 127) | 128, at);
    at = out.writeUInt8(head, at);
    at = out.writeUInt8(level, at);
    i = end;
  }
  out.writeUInt32LE(at - 4, 0);
  return out.subarray(0, at);
}

function readFixed(cursor: Cursor, bytes: number): number {
  if (bytes > 4) throw invalid(`numbers of ${bytes} bytes`);
  let value = 0;
  for (let i = 0; i < bytes; i += 1) value += readByte(cursor) * 256 ** i;
  return value;
}
