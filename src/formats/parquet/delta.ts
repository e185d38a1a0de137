import { Failure } from "../../errors.ts";
import { unpack } from "./levels.ts";
import { type Cursor, invalid, readByte, readVarint } from "./thrift.ts";

/**
 * Blocks of one page that are passed over at most; they may hold nothing but zeros. Writers put 128
 * values or more into a block.
 */
const MAX_BLOCKS = 512 * 1024;
/** Their widths are held; writers use four. */
const MAX_MINIBLOCKS = 4096;

/**
 * Reads numbers in the encoding DELTA_BINARY_PACKED: the first `count` of them, wrapped to 64 bits.
 * With `isPassed` the cursor ends after all numbers: in the byte array encodings other data
 * follows.
 * @throws `underflow`; Failure FORMAT_INVALID, LIMIT_EXCEEDED
 */
export function readDeltas(cursor: Cursor, count: number, isPassed: boolean): BigInt64Array {
  const blockSize = readVarint(cursor);
  const miniblocks = readVarint(cursor);
  const total = readVarint(cursor);
  const size = blockSize / miniblocks;
  if (!(size > 0) || size % 8 !== 0 || miniblocks > MAX_MINIBLOCKS)
    throw invalid(`delta blocks of ${blockSize} values`);
  if (total < count) throw invalid(`${total} delta values where ${count} are due`);
  const out = new BigInt64Array(count);
  let value = readZigzag(cursor);
  if (count > 0) out[0] = value;
  const end = isPassed ? total : count;
  for (let have = 1, blocks = 0; have < end; blocks += 1) {
    if (blocks >= MAX_BLOCKS) throw new Failure("LIMIT_EXCEEDED", `over ${blocks} delta blocks`);
    const least = readZigzag(cursor);
    const widths = Array.from({ length: miniblocks }, () => readByte(cursor));
    for (const width of widths) {
      if (have >= end) break;
      if (width > 64) throw invalid(`delta values of ${width} bits`);
      const taken = Math.min(size, count - have);
      for (let i = 0; i < taken; i += 1) {
        value = BigInt.asIntN(64, value + least + unpack64(cursor, i * width, width));
        out[have + i] = value;
      }
      cursor.at += (size * width) / 8;
      have += size;
    }
  }
  return out;
}

function unpack64({ bytes, at }: Cursor, bit: number, width: number): bigint {
  const low = unpack(bytes, at * 8 + bit, Math.min(width, 32));
  if (width <= 32) return BigInt(low);
  return BigInt(low) | (BigInt(unpack(bytes, at * 8 + bit + 32, width - 32)) << 32n);
}

function readZigzag(cursor: Cursor): bigint {
  let zigzag = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = readByte(cursor);
    zigzag |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n));
  }
  throw invalid("a number of more than ten bytes");
}
