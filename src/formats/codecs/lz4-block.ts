import { Failure } from "../../errors.ts";

const MIN_MATCH = 4;
const FIRST_OUTPUT_BYTES = 64 * 1024;
/** Bytes of output for each byte of a block, at most: the format cannot expand more. */
export const MAX_RATIO = 255;

/**
 * Decodes a raw LZ4 block (LZ4 Block Format) into `output` from `start` on, and returns the offset
 * after the last byte written. Stops where the output is full or the input ends, within a sequence
 * too. What `output` holds before `start` may be referred to.
 * @throws Failure FORMAT_INVALID where something before the output is referred to.
 */
export function decodeLz4Block(input: Uint8Array, output: Uint8Array, start: number): number {
  let from = 0;
  let to = start;
  while (from < input.length && to < output.length) {
    const token = input[from++] as number;
    let literals = token >> 4;
    if (literals === 15) literals += lengthAhead();
    const kept = Math.min(literals, input.length - from, output.length - to);
    output.set(input.subarray(from, from + kept), to);
    from += kept;
    to += kept;
    // The last sequence has literals only; a cut one may break off anywhere.
    if (kept < literals || input.length - from < 2) break;
    const distance = (input[from] as number) | ((input[from + 1] as number) << 8);
    from += 2;
    if (distance === 0 || distance > to) {
      throw new Failure("FORMAT_INVALID", "an LZ4 block refers to what is not there");
    }
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) length += lengthAhead();
    to = copyMatch(output, to, distance, Math.min(length, output.length - to));
  }
  return to;

  function lengthAhead(): number {
    let length = 0;
    while (from < input.length) {
      const byte = input[from++] as number;
      length += byte;
      if (byte !== 255) break;
    }
    return length;
  }
}

/**
 * Returns the first `maxBytes` of a raw LZ4 block's content, or less where it holds less or is cut
 * short. Memory grows with the content, not with `maxBytes`.
 * @throws Failure FORMAT_INVALID where the block refers to what is not there.
 */
export function lz4Prefix(input: Uint8Array, maxBytes: number): Uint8Array {
  const most = Math.min(maxBytes, input.length * MAX_RATIO);
  for (let room = Math.min(most, FIRST_OUTPUT_BYTES); ; room = Math.min(most, room * 4)) {
    const output = new Uint8Array(room);
    const end = decodeLz4Block(input, output, 0);
    if (end < room || room === most) return output.subarray(0, end);
  }
}

function copyMatch(output: Uint8Array, to: number, distance: number, length: number): number {
  const from = to - distance;
  if (distance >= length && length > 32) output.copyWithin(to, from, from + length);
  else for (let i = 0; i < length; i += 1) output[to + i] = output[from + i] as number;
  return to + length;
}
