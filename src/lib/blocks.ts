import type { Source } from "../types.ts";

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
