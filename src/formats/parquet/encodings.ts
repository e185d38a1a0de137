import { growing } from "../../lib/growing.ts";
import { readDeltas } from "./delta.ts";
import { readHybrid } from "./levels.ts";
import { BOOLEAN, FIXED_LEN_BYTE_ARRAY, INT32, INT64, type Leaf } from "./schema.ts";
import { type Cursor, invalid, underflow } from "./thrift.ts";

/** Encodings of values (parquet.thrift, `Encoding`). */
export const PLAIN = 0;
export const PLAIN_DICTIONARY = 2;
export const RLE = 3;
export const DELTA_BINARY_PACKED = 5;
export const DELTA_LENGTH_BYTE_ARRAY = 6;
export const DELTA_BYTE_ARRAY = 7;
export const RLE_DICTIONARY = 8;
export const BYTE_STREAM_SPLIT = 9;

/** Encoded values in a page, and which of them are wanted. */
export interface Encoded {
  readonly leaf: Leaf;
  readonly encoding: number;
  /** The page, or the start of it. */
  readonly bytes: Uint8Array;
  /** Offset at which the values start. */
  readonly at: number;
  /** Offset at which the whole page ends. */
  readonly end: number;
  /** Values wanted. */
  readonly count: number;
  /** Bytes that they may take; fewer values are decoded when that is not enough. */
  readonly maxBytes: number;
}

/**
 * Decodes values into the PLAIN encoding; a boolean becomes a byte.
 * @throws `underflow`; Failure FORMAT_INVALID
 */
export function decodeValues(encoded: Encoded): Uint8Array {
  const { leaf, encoding } = encoded;
  const isNumber = leaf.type === INT32 || leaf.type === INT64;
  const isBytes = leaf.width === undefined;
  const isFixed = leaf.type === FIXED_LEN_BYTE_ARRAY;
  if (encoding === PLAIN) return decodePlain(encoded);
  if (encoding === RLE && leaf.type === BOOLEAN) return decodeBooleanRuns(encoded);
  if (encoding === DELTA_BINARY_PACKED && isNumber) return decodeNumbers(encoded);
  if (encoding === DELTA_LENGTH_BYTE_ARRAY && isBytes) return decodeSuffixes(encoded, undefined);
  if (encoding === DELTA_BYTE_ARRAY && (isBytes || isFixed)) return decodePrefixed(encoded);
  if (encoding === BYTE_STREAM_SPLIT && leaf.width !== undefined) return decodeSplit(encoded);
  throw invalid(`column ${leaf.name}: encoding ${encoding} for physical type ${leaf.type}`);
}

/** The dictionary indices of a page: their width in a byte, then the hybrid. */
export function readIndices({ bytes, at, count }: Encoded): Uint32Array {
  const width = bytes[at];
  if (width === undefined) throw underflow;
  if (width > 32) throw invalid(`dictionary indices of ${width} bits`);
  const indices = new Uint32Array(count);
  if (width > 0) readHybrid({ bytes, at: at + 1 }, width, indices);
  return indices;
}

/**
 * Looks indices up in a dictionary page, which is PLAIN; the page is needed only up to the highest
 * index. `size` is the number of values in the dictionary.
 * @throws `underflow`; Failure FORMAT_INVALID
 */
export function lookUp(
  leaf: Leaf,
  dictionary: Uint8Array,
  indices: Uint32Array,
  { size, maxBytes }: { readonly size: number; readonly maxBytes: number },
): Uint8Array {
  let highest = -1;
  for (const index of indices) highest = Math.max(highest, index);
  if (highest >= size) throw invalid(`column ${leaf.name}: index ${highest} in ${size} values`);
  const place = placesIn(leaf, dictionary, indices);
  const out = growing();
  for (const index of indices) {
    const { start, end } = place(index);
    if (out.length() + end - start > maxBytes) break;
    if (end > dictionary.length) throw underflow;
    out.add(dictionary, start, end);
  }
  return out.bytes();
}

type Place = { readonly start: number; readonly end: number };

function placesIn(
  leaf: Leaf,
  dictionary: Uint8Array,
  indices: Uint32Array,
): (index: number) => Place {
  const { width } = leaf;
  if (leaf.type === BOOLEAN) throw invalid(`column ${leaf.name}: a dictionary of booleans`);
  if (width !== undefined) {
    return (index) => ({ start: index * width, end: (index + 1) * width });
  }
  const sorted = indices.toSorted();
  const starts = new Float64Array(sorted.length);
  let passed = 0;
  let start = 0;
  for (const [i, index] of sorted.entries()) {
    for (; passed < index; passed += 1) start += 4 + lengthAt(dictionary, start);
    starts[i] = start;
  }
  return (index) => {
    const start = starts[firstOf(sorted, index)] as number;
    return { start, end: start + 4 + lengthAt(dictionary, start) };
  };
}

/** The first place of a number among sorted ones, by bisection. */
function firstOf(sorted: Uint32Array, number: number): number {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function decodePlain(encoded: Encoded): Uint8Array {
  const { leaf, bytes, at, count, maxBytes } = encoded;
  if (leaf.type === BOOLEAN) return decodeBits(encoded);
  if (leaf.width !== undefined) {
    const fitting = Math.min(count, Math.floor(maxBytes / leaf.width));
    return take(bytes, at, fitting * leaf.width);
  }
  let end = at;
  for (let i = 0; i < count; i += 1) {
    const next = end + 4 + lengthAt(bytes, end);
    if (next > encoded.end) throw invalid(`column ${leaf.name}: a value longer than its page`);
    if (next - at > maxBytes) break;
    end = next;
  }
  return take(bytes, at, end - at);
}

function decodeBits({ bytes, at, count }: Encoded): Uint8Array {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i += 1) {
    const byte = bytes[at + (i >> 3)];
    if (byte === undefined) throw underflow;
    out[i] = (byte >> (i & 7)) & 1;
  }
  return out;
}

function decodeBooleanRuns({ leaf, bytes, at, count }: Encoded): Uint8Array {
  const out = new Uint8Array(count);
  if (count > 0) readHybrid({ bytes, at: at + 4 }, 1, out);
  if (out.some((bit) => bit > 1)) throw invalid(`column ${leaf.name}: a boolean above 1`);
  return out;
}

function decodeNumbers({ leaf, bytes, at, count, maxBytes }: Encoded): Uint8Array {
  const width = leaf.width as number;
  const deltas = readDeltas({ bytes, at }, Math.min(count, Math.floor(maxBytes / width)), false);
  const out = Buffer.allocUnsafe(deltas.length * width);
  for (const [i, delta] of deltas.entries()) {
    if (width === 8) out.writeBigInt64LE(delta, i * 8);
    else out.writeInt32LE(Number(BigInt.asIntN(32, delta)), i * 4);
  }
  return out;
}

/** Values that each share this many bytes with the one before (DELTA_BYTE_ARRAY). */
function decodePrefixed(encoded: Encoded): Uint8Array {
  const cursor = { bytes: encoded.bytes, at: encoded.at };
  const shared = readDeltas(cursor, encoded.count, true);
  return decodeSuffixes({ ...encoded, at: cursor.at }, shared);
}

/** Lengths, then the bytes of all values; `shared` are the bytes taken from the value before. */
function decodeSuffixes(encoded: Encoded, shared: BigInt64Array | undefined): Uint8Array {
  const { leaf, bytes, count, maxBytes } = encoded;
  const cursor: Cursor = { bytes, at: encoded.at };
  const lengths = readDeltas(cursor, count, true);
  const head = leaf.width === undefined ? 4 : 0;
  const out = growing();
  let at = cursor.at;
  let before = 0;
  for (let i = 0; i < count; i += 1) {
    const same = Number(shared?.[i] ?? 0n);
    const own = Number(lengths[i]);
    const length = same + own;
    if (own < 0 || same < 0 || same > before) throw invalid(`column ${leaf.name}: a delta length`);
    if (leaf.width !== undefined && length !== leaf.width) {
      throw invalid(`column ${leaf.name}: a value of ${length} bytes`);
    }
    if (out.length() + head + length > maxBytes) break;
    const suffix = take(bytes, at, own);
    const from = out.length() - before;
    const value = out.reserve(head + length);
    if (head > 0) value.writeUInt32LE(length, 0);
    value.set(out.bytes().subarray(from, from + same), head);
    value.set(suffix, head + same);
    at += own;
    before = length;
  }
  return out.bytes();
}

/** The first bytes of all values, then the second ones, and so on (BYTE_STREAM_SPLIT). */
function decodeSplit({ leaf, bytes, at, end, count, maxBytes }: Encoded): Uint8Array {
  const width = leaf.width as number;
  const stride = Math.floor((end - at) / width);
  const fitting = Math.min(count, Math.floor(maxBytes / width));
  if (fitting > stride) throw underflow;
  if (at + (width - 1) * stride + fitting > bytes.length) throw underflow;
  const out = new Uint8Array(fitting * width);
  for (let i = 0; i < fitting; i += 1) {
    for (let part = 0; part < width; part += 1) {
      out[i * width + part] = bytes[at + part * stride + i] as number;
    }
  }
  return out;
}

function take(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (at + length > bytes.length) throw underflow;
  return bytes.slice(at, at + length);
}

/** The length before a value: 32 bits. @throws `underflow` */
export function lengthAt(bytes: Uint8Array, at: number): number {
  const highest = bytes[at + 3];
  if (highest === undefined) throw underflow;
  // An array of them to take apart would be made for each value.
  const a = bytes[at] as number;
  const b = bytes[at + 1] as number;
  const c = bytes[at + 2] as number;
  return (a | (b << 8) | (c << 16) | (highest << 24)) >>> 0;
}
