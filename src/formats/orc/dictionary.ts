import { packedBytes } from "./bit-packing.ts";
import { varint } from "../../lib/protobuf.ts";

/** Values of a run that is worth its own header, and of runs at most, by version. */
const MIN_SAME = 3;
const MOST = { 1: { same: 130, others: 128 }, 2: { same: 512, others: 512 } } as const;
/** Codes of widths of whole bytes, version 2. */
const codes = { 1: 7, 2: 15, 3: 23, 4: 27 } as const;

/** A dictionary in which the words that are not used are empty, so that places stay. */
export interface SparseDictionary {
  readonly lengths: readonly number[];
  readonly words: Buffer;
}

/** Takes the words that are used out of a dictionary, which may end after the last of them. */
export function sparse(
  lengths: readonly number[],
  words: Buffer,
  used: ReadonlySet<number>,
): SparseDictionary {
  const kept: Buffer[] = [];
  let at = 0;
  for (const [i, length] of lengths.entries()) {
    if (used.has(i)) kept.push(words.subarray(at, at + length));
    at += length;
  }
  return {
    lengths: lengths.map((length, i) => (used.has(i) ? length : 0)),
    words: Buffer.concat(kept),
  };
}

/** Writes lengths, each below 2^32, as unsigned integers in runs: of one value, or of several. */
export function lengthRuns(lengths: readonly number[], version: 1 | 2): Buffer {
  const most = MOST[version];
  const parts: Buffer[] = [];
  for (let at = 0; at < lengths.length;) {
    const same = sameFrom(lengths, at, most.same);
    if (same >= MIN_SAME) {
      parts.push(repeated(lengths[at] as number, same, version));
      at += same;
      continue;
    }
    let end = at + 1;
    while (end - at < most.others && end < lengths.length) {
      if (sameFrom(lengths, end, MIN_SAME) >= MIN_SAME) break;
      end += 1;
    }
    parts.push(literals(lengths.slice(at, end), version));
    at = end;
  }
  return Buffer.concat(parts);
}

function sameFrom(lengths: readonly number[], at: number, most: number): number {
  let end = at + 1;
  while (end - at < most && lengths[end] === lengths[at]) end += 1;
  return end - at;
}

/** A run without a step. */
function repeated(length: number, count: number, version: 1 | 2): Buffer {
  if (version === 1) return Buffer.of(count - MIN_SAME, 0, ...varint(length));
  return Buffer.of(0xc0 | ((count - 1) >> 8), (count - 1) & 0xff, ...varint(length), 0);
}

function literals(lengths: readonly number[], version: 1 | 2): Buffer {
  const count = lengths.length;
  if (version === 1) return Buffer.concat([Buffer.of(256 - count), ...lengths.map(varint)]);
  const largest = Math.max(...lengths);
  const width = largest < 0x100 ? 1 : largest < 0x1_00_00 ? 2 : largest < 0x1_00_00_00 ? 3 : 4;
  const packed = Buffer.alloc(packedBytes(count, width * 8));
  for (const [i, length] of lengths.entries()) packed.writeUIntBE(length, i * width, width);
  const head = [0x40 | (codes[width] << 1) | ((count - 1) >> 8), (count - 1) & 0xff];
  return Buffer.concat([Buffer.from(head), packed]);
}
