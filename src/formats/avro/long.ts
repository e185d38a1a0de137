import { Failure } from "../../errors.ts";

const LONGEST = 10;

/**
 * Creates a function that reads longs byte by byte: it returns the long at its last byte, and
 * undefined before. Beyond 53 bits the result is close to what is written. Source: Avro 1.12,
 * "Binary Encoding".
 * @throws Failure FORMAT_INVALID, from the reader, for a long of more than 10 bytes.
 */
export function longReader(): (byte: number) => number | undefined {
  let length = 0;
  let zigzag = 0;
  let isNegative = false;
  return (byte) => {
    if (length === 0) isNegative = (byte & 1) === 1;
    zigzag += (byte & 0x7f) * 2 ** (7 * length);
    length += 1;
    if (byte >= 0x80) {
      if (length < LONGEST) return undefined;
      throw new Failure("FORMAT_INVALID", "a number has more than 10 bytes");
    }
    const half = Math.floor(zigzag / 2);
    length = 0;
    zigzag = 0;
    return isNegative ? -half - 1 : half;
  };
}

/** The bytes of a long; for counts and sizes, which are not negative. */
export function longBytes(long: number): Uint8Array {
  const bytes: number[] = [];
  let rest = 2 * long;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}
