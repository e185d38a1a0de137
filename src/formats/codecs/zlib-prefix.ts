import type { Transform } from "node:stream";
import { errorCode } from "../../errors.ts";

/**
 * Bytes that zlib's synchronous calls may put out, which are held whole; input that holds more is
 * streamed.
 */
const SYNC_BYTES = 1024 * 1024;

/**
 * A function that decompresses the start of something: as far as its input goes, and not much more
 * than `maxBytes`. It is made of a decompression's two forms, and of its flush that does not insist
 * on an end. It throws what these throw.
 */
export function zlibPrefix(
  decompressSync: (
    input: Uint8Array,
    options: { finishFlush: number; maxOutputLength: number },
  ) => Uint8Array,
  create: () => Transform,
  finishFlush: number,
): (input: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array> {
  return (input, maxBytes) => {
    try {
      return decompressSync(input, { finishFlush, maxOutputLength: SYNC_BYTES });
    } catch (error) {
      if (errorCode(error) !== "ERR_BUFFER_TOO_LARGE") throw error;
      return streamedPrefix(create(), input, maxBytes);
    }
  };
}

/** Takes the output of a transform until it is enough, and ends the transform there. */
function streamedPrefix(
  transform: Transform,
  input: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // Memory that nothing is written to is not taken.
    const output = Buffer.allocUnsafe(maxBytes);
    let bytes = 0;
    transform.on("data", (chunk: Buffer) => {
      bytes += chunk.copy(output, bytes);
      if (bytes >= maxBytes) transform.destroy();
    });
    transform.on("error", (error) => (bytes > 0 ? undefined : reject(error)));
    transform.on("close", () => resolve(output.subarray(0, bytes)));
    transform.end(input);
  });
}
