import type { ZlibOptions } from "node:zlib";

/** Output is made in memory of this size, too much for Node's pool: it is ours to free. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Options with which gzip and zip samples are deflated: half the time of zlib's default, for 0 to 3
 * % more bytes.
 */
export const QUICK: ZlibOptions = { level: 3 };

/** One of zlib's functions that work at once, such as `inflateRawSync`. */
export type ZlibSync = (bytes: Uint8Array, options: ZlibOptions) => Uint8Array;

/** Bytes that were made, and the number of those taken for them. */
export interface Worked {
  readonly made: Buffer;
  readonly takenBytes: number;
}

/**
 * Works bytes off at once. Node holds what such a call wrote into until all memory is searched for
 * garbage; for many small calls that is searched again and again. Here it is freed at once.
 * @throws what zlib throws
 */
export function zlibOnce(work: ZlibSync, bytes: Uint8Array, options: ZlibOptions = {}): Worked {
  const { buffer, engine } = work(bytes, {
    ...options,
    chunkSize: CHUNK_BYTES,
    info: true,
  }) as unknown as {
    readonly buffer: Buffer<ArrayBuffer>;
    readonly engine: { bytesWritten: number };
  };
  const takenBytes = engine.bytesWritten;
  if (buffer.buffer.byteLength !== CHUNK_BYTES) return { made: buffer, takenBytes };
  const made = Buffer.from(buffer);
  buffer.buffer.transfer(0);
  return { made, takenBytes };
}
