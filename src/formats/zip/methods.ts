import { createInflateRaw, inflateRawSync } from "node:zlib";
import { NoSample } from "../../errors.ts";
import { AT_ONCE_BYTES, atOnceIfSmall } from "../../lib/at-once.ts";
import { through } from "../../lib/through.ts";
import { zlibOnce } from "../../lib/zlib-once.ts";
import { bz2 } from "../compressed/bz2.ts";
import { xz } from "../compressed/xz.ts";
import { zst } from "../compressed/zst.ts";

type Chunks = AsyncGenerator<Uint8Array, unknown, void>;

/** The method of members that are not compressed. */
export const STORED = 0;

/** Methods that can be decoded (APPNOTE 6.3.10, 4.4.5). */
const decoders = new Map<number, (stored: Chunks) => Chunks>([
  [STORED, (stored) => stored],
  [8, inflate],
  [12, bz2.decompress],
  [93, zst.decompress],
  [95, xz.decompress],
]);

function inflate(stored: Chunks): Chunks {
  return atOnceIfSmall(stored, {
    atOnce: (bytes) => ({
      made: zlibOnce(inflateRawSync, bytes, { maxOutputLength: AT_ONCE_BYTES }).made,
      result: undefined,
    }),
    stream: (all) => through(all, createInflateRaw()),
  });
}

/** Names of other methods. */
const names: ReadonlyMap<number, string> = new Map([
  [1, "shrink"],
  [2, "reduce"],
  [3, "reduce"],
  [4, "reduce"],
  [5, "reduce"],
  [6, "implode"],
  [9, "deflate64"],
  [10, "PKWARE implode"],
  [14, "lzma"],
  [16, "IBM cmpsc"],
  [18, "IBM terse"],
  [19, "IBM lz77"],
  [20, "zstd, the number it had before"],
  [94, "mp3"],
  [96, "jpeg"],
  [97, "wavpack"],
  [98, "ppmd"],
  [99, "encrypted with AES"],
]);

/**
 * Returns the content of a member's stored bytes.
 * @throws NoSample where its compression method is not ours.
 */
export function unpackBy(method: number, stored: Chunks): Chunks {
  const decode = decoders.get(method);
  if (decode !== undefined) return decode(stored);
  const name = names.get(method);
  throw new NoSample(`compression method ${method}${name === undefined ? "" : ` (${name})`}`);
}
