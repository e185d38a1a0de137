import { byteAt } from "./byte-runs.ts";
import { invalid } from "./invalid.ts";

/** Bytes of a number at most: a decimal has 38 digits. */
const MAX_BYTES = 40;

/** A varint from byte `at` on, and where it ends. @throws underflow; Failure FORMAT_INVALID */
export function varintAt(bytes: Buffer, at: number): readonly [value: bigint, end: number] {
  let value = 0n;
  let end = at;
  for (let shift = 0n; ; shift += 7n) {
    const byte = byteAt(bytes, end);
    end += 1;
    if (end - at > MAX_BYTES) throw invalid("a number that does not end");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, end];
  }
}

/** The end of `count` varints that begin at byte `at`. @throws underflow */
export function endOfVarints(bytes: Buffer, at: number, count: number): number {
  let end = at;
  for (let left = count; left > 0; end += 1) if (byteAt(bytes, end) < 0x80) left -= 1;
  return end;
}

/** The signed number that an unsigned one stands for: 0, -1, 1, -2, … */
export function unzigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}
