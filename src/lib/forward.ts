import type { Source } from "./source.ts";

/**
 * Slices of a stream, for a reader that only moves forward: each slice has to start at or after the
 * start of the one before. Bytes in between are read and dropped.
 */
export function forwardSlice(
  chunks: AsyncIterator<Uint8Array, unknown, void>,
): NonNullable<Source["slice"]> {
  let start = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let ended = false;

  async function more(): Promise<boolean> {
    if (ended) return false;
    const { value, done } = await chunks.next();
    if (done === true) ended = true;
    else {
      held.push(value);
      heldBytes += value.length;
    }
    return !ended;
  }

  function drop(bytes: number): void {
    const first = held[0] as Uint8Array;
    const dropped = Math.min(bytes, first.length);
    if (dropped === first.length) held.shift();
    else held[0] = first.subarray(dropped);
    heldBytes -= dropped;
    start += dropped;
  }

  return async (from, to) => {
    while (start < from && (held.length > 0 || (await more()))) drop(from - start);
    const bytes = start < from ? 0 : Math.max(0, to - from);
    while (heldBytes < bytes && (await more()));
    // Joined once, not with each chunk: a slice may be large.
    if (held.length > 1 && (held[0] as Uint8Array).length < bytes) held = [Buffer.concat(held)];
    return (held[0] ?? new Uint8Array()).subarray(0, bytes);
  };
}
