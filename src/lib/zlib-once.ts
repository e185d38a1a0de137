import type { ZlibOptions } from "node:zlib";

/** Bytes of the memory that output is made in: too many for Node's pool, so that we can free it. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Options with which gzip and zip samples are deflated: half the time of zlib's default, for 0 to 3
 * % more bytes.
 */
export const QUICK: ZlibOptions = { level: 3 };

/** One of zlib's synchronous functions, such as `inflateRawSync`. */
export type ZlibSync = (bytes: Uint8Array, options: ZlibOptions) => Uint8Array;

/** Bytes that were made, and the number of those taken for them. */
export interface Worked {
  readonly made: Buffer;
  readonly takenBytes: number;
}

/**
 * Processes bytes at once. Node keeps the memory that such a call wrote into until a full garbage
 * collection, and many small calls would cause one after the other. Here it is freed at once.
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
