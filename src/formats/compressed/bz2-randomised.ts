import decoder, { type Bits } from "unbzip2-stream/lib/bzip2.js";
import { bitReader } from "./bz2-bits.ts";
import { distances } from "./bz2-distances.ts";

/** Number of equal bytes after which a count of further ones follows. */
const RUN = 4;

/**
 * Fields of a block's header that the decoder reads after the signature, by the number of the call.
 */
const CHECKSUM = 7;
const IS_RANDOMISED = 8;
const ORIGIN = 9;

/**
 * True when a block has the bit of bzip2 before 0.9.5, which changed some bytes of content that was
 * too regular for it. False where the input ends before.
 */
export function isRandomised(input: Uint8Array, bit: number): boolean {
  const { bits } = bitReader(input, bit);
  try {
    const isBlock = bits(24) === 0x314159 && bits(24) === 0x265359;
    bits(32);
    return isBlock && bits(1) === 1;
  } catch {
    return false;
  }
}

/**
 * Decodes such a block, which the decoder refuses. The bit is hidden from the decoder, which then
 * undoes all but the last step. That step is done here: the bytes are changed back before runs are
 * spelled out.
 * @throws what the decoder throws
 */
export function decompressRandomised(
  bits: Bits,
  output: (byte: number) => void,
  links: Int32Array,
  checksum: number,
): number {
  const read: (number | null)[] = [];
  let isSorted = false;
  const untold: Bits = (count) => {
    const value = bits(count);
    if (read.length > ORIGIN) return value;
    return read.push(value) === IS_RANDOMISED ? 0 : value;
  };
  try {
    decoder.decompress(untold, () => (isSorted = true), links, links.length, checksum);
  } catch (error) {
    // The checksum is not that of the changed bytes.
    if (!isSorted) throw error;
  }
  const count = decoder.byteCount[255] as number;
  const sum = putBlock({ links, count, origin: read[ORIGIN - 1] as number }, output);
  if (sum !== read[CHECKSUM - 1]) throw new Error("a wrong checksum");
  return sum ^ ((checksum << 1) | (checksum >>> 31));
}

/** A block as the decoder leaves it in its memory. */
interface SortedBlock {
  readonly links: Int32Array;
  /** Bytes in it. */
  readonly count: number;
  /** Position of the link to the first byte. */
  readonly origin: number;
}

/** Writes a block's content to `output`, and returns its checksum. */
function putBlock({ links, count, origin }: SortedBlock, output: (byte: number) => void): number {
  const change = changes();
  let checksum = -1;
  let at = (links[origin] as number) >> 8;
  let last = -1;
  let equal = 0;
  for (let left = count; left > 0; left -= 1) {
    const link = links[at] as number;
    at = link >> 8;
    const byte = (link & 0xff) ^ change();
    if (equal < RUN) {
      equal = byte === last ? equal + 1 : 1;
      last = byte;
      put(byte);
    } else {
      for (let more = byte; more > 0; more -= 1) put(last);
      [last, equal] = [-1, 0];
    }
  }
  return ~checksum;

  function put(byte: number): void {
    checksum = (checksum << 8) ^ (decoder.crcTable[((checksum >>> 24) ^ byte) & 0xff] as number);
    output(byte);
  }
}

/** The change of one byte after the other: 1 or, mostly, 0. */
function changes(): () => 0 | 1 {
  let next = 0;
  let left = 0;
  return () => {
    if (left === 0) {
      left = distances[next] as number;
      next = (next + 1) % distances.length;
    }
    left -= 1;
    return left === 1 ? 1 : 0;
  };
}
