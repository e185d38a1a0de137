import { underflow } from "./invalid.ts";

/** Values of a run, at least; a shorter rest is written as a run of so many. */
const MIN_RUN = 3;

/** The beginning of a stream that has some values, and a few more where a run needs them. */
export interface CutRuns<Values> {
  readonly cut: Buffer;
  /** The values, without those few. */
  readonly values: Values;
}

/**
 * Cuts bytes in runs after `count` of them (ORC v1, "Byte Run Length Encoding"): a control byte up to
 * 127 and a byte that is repeated so many times, and 3 times more; or a negative count, and bytes.
 * @throws underflow
 */
export function cutBytes(bytes: Buffer, count: number): CutRuns<Buffer> {
  const values = Buffer.alloc(count);
  let filled = 0;
  let at = 0;
  while (filled < count) {
    const control = byteAt(bytes, at);
    const isRun = control < 128;
    const length = isRun ? control + MIN_RUN : 256 - control;
    const end = at + (isRun ? 2 : 1 + length);
    if (end > bytes.length) throw underflow;
    const left = count - filled;
    if (isRun) values.fill(bytes[at + 1] as number, filled, filled + Math.min(left, length));
    else bytes.copy(values, filled, at + 1, at + 1 + Math.min(left, length));
    if (length > left) return { cut: Buffer.concat([bytes.subarray(0, at), shorter(at)]), values };
    filled += length;
    at = end;

    function shorter(start: number): Buffer {
      if (!isRun) {
        return Buffer.concat([Buffer.of(256 - left), bytes.subarray(start + 1, start + 1 + left)]);
      }
      return Buffer.of(Math.max(left, MIN_RUN) - MIN_RUN, bytes[start + 1] as number);
    }
  }
  return { cut: bytes.subarray(0, at), values };
}

/** Cuts bits, the highest of a byte first, after `count` of them; the values are their bytes. */
export function cutBits(bytes: Buffer, count: number): CutRuns<Buffer> {
  return cutBytes(bytes, Math.ceil(count / 8));
}

/** Cuts bytes without runs. @throws underflow */
export function cutPlain(bytes: Buffer, length: number): CutRuns<undefined> {
  if (length > bytes.length) throw underflow;
  return { cut: bytes.subarray(0, length), values: undefined };
}

/** The bit of a place. */
export function bitAt(bits: Buffer, index: number): boolean {
  return (((bits[index >> 3] as number) >> (7 - (index & 7))) & 1) === 1;
}

/** @throws underflow */
export function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw underflow;
  return byte;
}
