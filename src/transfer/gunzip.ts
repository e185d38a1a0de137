import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

const OUTPUT_BYTES = 256 * 1024;

/**
 * Yields what gzip chunks hold, member after member, and returns the offset after the last one. While a
 * thread inflates, chunks come in and go out; samples are cut from slices instead (`formats/`), which
 * takes longer.
 * @throws an error of zlib's own for damage; what the chunks throw
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, number, void> {
  const engine = createGunzip({ chunkSize: OUTPUT_BYTES });
  // What fails here fails the loop, too.
  const fed = pipeline(chunks, engine).catch(() => undefined);
  try {
    for await (const piece of engine) yield piece as Uint8Array;
  } finally {
    engine.destroy();
    await fed;
  }
  return engine.bytesWritten;
}
