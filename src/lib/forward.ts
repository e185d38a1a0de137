import type { Source } from "../types.ts";

/**
 * Slices of a stream, for a reader that only ever moves on: each slice has to start at or after
 * the start of the one before. What lies between is read and dropped.
 */
export function forwardSlice(
  chunks: AsyncIterator<Uint8Array, unknown, void>,
): NonNullable<Source["slice"]> {
  let start = 0;
  let held: Uint8Array = new Uint8Array();
  let ended = false;

  async function more(): Promise<void> {
    const { value, done } = await chunks.next();
    if (done === true) ended = true;
    else held = held.length === 0 ? value : Buffer.concat([held, value]);
  }

  return async (from, to) => {
    while (start < from && !(ended && held.length === 0)) {
      const dropped = Math.min(from - start, held.length);
      held = held.subarray(dropped);
      start += dropped;
      if (start < from) await more();
    }
    while (start + held.length < to && !ended) await more();
    return held.subarray(0, Math.max(0, to - from));
  };
}
