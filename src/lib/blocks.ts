import type { Source } from "./source.ts";

const BLOCK_BYTES = 64 * 1024;
const KEPT_BLOCKS = 16;

/**
 * Random access through a few cached blocks of 64 KiB: many small reads close together cost one
 * large one. Takes and returns what `Source.slice` does.
 */
export function cachedSlice(slice: NonNullable<Source["slice"]>): NonNullable<Source["slice"]> {
  const blocks = new Map<number, Promise<Uint8Array>>();

  function block(index: number): Promise<Uint8Array> {
    const found = blocks.get(index) ?? slice(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    blocks.delete(index);
    blocks.set(index, found);
    if (blocks.size > KEPT_BLOCKS) blocks.delete(blocks.keys().next().value as number);
    return found;
  }

  return async (start, end) => {
    const first = Math.floor(start / BLOCK_BYTES);
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    if (last - first >= KEPT_BLOCKS) return slice(start, end);
    const parts: Uint8Array[] = [];
    for (let index = first; index <= last; index += 1) {
      const bytes = await block(index);
      const offset = index * BLOCK_BYTES;
      parts.push(bytes.subarray(Math.max(0, start - offset), Math.max(0, end - offset)));
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  };
}

/** Random access that takes from a head what stands in it. Takes and returns what `slice` does. */
export function sliceWithHead(
  head: Uint8Array,
  slice: NonNullable<Source["slice"]>,
): NonNullable<Source["slice"]> {
  return async (start, end) => (end <= head.length ? head.subarray(start, end) : slice(start, end));
}

/**
 * Yields the same bytes in slices of `bytes` each, the last one shorter; chunk borders do not
 * matter.
 */
export async function* slicesOf(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  let held: Uint8Array[] = [];
  let missing = bytes;
  for await (const chunk of chunks) {
    let at = 0;
    while (chunk.length - at >= missing) {
      held.push(chunk.subarray(at, at + missing));
      at += missing;
      yield held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held);
      held = [];
      missing = bytes;
    }
    if (at < chunk.length) held.push(chunk.subarray(at));
    missing -= chunk.length - at;
  }
  if (held.length > 0) yield Buffer.concat(held);
}
