import { constants, createGunzip, createGzip, gunzipSync, gzipSync } from "node:zlib";
import { errorCode, Failure } from "../../errors.ts";
import { AT_ONCE_BYTES, atOnceIfSmall } from "../../lib/at-once.ts";
import { hasBytes } from "../../lib/signature.ts";
import { through } from "../../lib/through.ts";
import { QUICK, zlibOnce } from "../../lib/zlib-once.ts";
import { isBgzf, writeBgzf } from "./bgz.ts";
import type { Compression } from "./compression.ts";

/** Compressed bytes that are certain to hold the first tar header, save for a huge gzip header. */
const START_BYTES = 1536;
/** Input that is kept to find out what came before damage. */
const KEPT_BYTES = 256 * 1024;
const MAX_KEPT_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Gzip (RFC 1952), by zlib; also BGZF, gzip in blocks. */
export const gz: Compression = {
  name: "gz",
  extensions: [".gz", ".bgz", ".bgzf"],
  tarExtensions: [".tar.gz", ".tgz"],
  matches: (head) => hasBytes(head, [0x1f, 0x8b, 0x08]),
  start: (head) => gunzipStart(head.subarray(0, START_BYTES)),
  decompress: (chunks) => atOnceIfSmall(chunks, { atOnce: gunzipWhole, stream: gunzip }),
  compress: (chunks) =>
    atOnceIfSmall(chunks, {
      atOnce: (bytes) => ({ made: zlibOnce(gzipSync, bytes, QUICK).made, result: undefined }),
      stream: (all) => through(all, createGzip(QUICK)),
    }),
  kinds: [{ name: "bgz", isKind: async ({ head }) => isBgzf(await head()), compress: writeBgzf }],
};

/** @throws an error of zlib's own for damage; Failure where something follows */
function gunzipWhole(bytes: Uint8Array): { readonly made: Uint8Array; readonly result: number } {
  const { made, takenBytes } = zlibOnce(gunzipSync, bytes, { maxOutputLength: AT_ONCE_BYTES });
  if (takenBytes === bytes.length) return { made, result: takenBytes };
  throw new Failure("FORMAT_INVALID", "something follows the gzip data");
}

async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, number, void> {
  const transform = createGunzip();
  const kept: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of through(keepFirst(chunks, kept), transform)) {
      bytes += chunk.length;
      yield chunk;
    }
    return transform.bytesWritten;
  } catch (error) {
    if (errorCode(error)?.startsWith("Z_") === true) {
      yield salvage(Buffer.concat(kept)).subarray(bytes);
    }
    throw error;
  }
}

async function* keepFirst(
  chunks: AsyncIterable<Uint8Array>,
  kept: Uint8Array[],
): AsyncGenerator<Uint8Array, void, void> {
  let room = KEPT_BYTES;
  for await (const chunk of chunks) {
    if (room > 0) kept.push(chunk.subarray(0, room));
    room -= chunk.length;
    yield chunk;
  }
}

/**
 * Decompresses what comes before damage. Zlib drops its output when it fails, so this looks for the
 * longest input that does not fail.
 */
function salvage(input: Uint8Array): Uint8Array {
  let good: Uint8Array = new Uint8Array();
  let low = 0;
  let high = input.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const output = gunzipStart(input.subarray(0, middle));
    if (output === undefined) high = middle - 1;
    else {
      good = output;
      low = middle;
    }
  }
  return good;
}

/** Decompresses the first bytes of a gzip; undefined where they are damaged or hold too much. */
function gunzipStart(input: Uint8Array): Uint8Array | undefined {
  try {
    const finishFlush = constants.Z_SYNC_FLUSH;
    const options = { finishFlush, maxOutputLength: MAX_KEPT_OUTPUT_BYTES };
    return zlibOnce(gunzipSync, input, options).made;
  } catch {
    return undefined;
  }
}
