import { HEAD_BYTES, type Source } from "./source.ts";

/** A source for bytes that are in memory. */
export function memorySource(name: string, bytes: Uint8Array): Source {
  return {
    name,
    size: bytes.length,
    head: async () => bytes.subarray(0, HEAD_BYTES),
    async *stream() {
      yield bytes;
    },
    slice: async (start, end) => bytes.subarray(start, end),
  };
}
