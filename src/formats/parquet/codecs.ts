import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { errorMessage, Failure } from "../../errors.ts";
import { lz4Prefix } from "../codecs/lz4-block.ts";
import { snappyPrefix } from "../codecs/snappy-block.ts";
import { zlibPrefix } from "../codecs/zlib-prefix.ts";
import { native } from "../codecs/native.ts";
import { invalid } from "./thrift.ts";

/** Bytes of a whole page, as it is stored and decompressed. */
export interface Sizes {
  readonly stored: number;
  readonly decompressed: number;
}

/** A codec of Parquet (parquet.thrift, `CompressionCodec`), in both directions. */
interface Codec {
  /**
   * Returns what the first bytes of a page hold: as far as they go, and not much more than
   * `maxBytes`.
   * @throws anything, where the page is damaged
   */
  prefix(input: Uint8Array, maxBytes: number, sizes: Sizes): Uint8Array | Promise<Uint8Array>;
  compress(input: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

const codecs: Readonly<Record<number, Codec>> = {
  0: { prefix: (input) => input, compress: (input) => input },
  1: { prefix: snappyPrefix, compress: compressSnappy },
  2: {
    prefix: zlibPrefix(gunzipSync, createGunzip, constants.Z_SYNC_FLUSH),
    compress: (input) => gzipSync(input),
  },
  4: {
    prefix: zlibPrefix(
      brotliDecompressSync,
      createBrotliDecompress,
      constants.BROTLI_OPERATION_FLUSH,
    ),
    // The best quality, which is the default, takes seconds for a megabyte.
    compress: (input) =>
      brotliCompressSync(input, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  },
  5: { prefix: hadoopLz4Prefix, compress: compressHadoopLz4 },
  6: {
    prefix: zlibPrefix(zstdDecompressSync, createZstdDecompress, constants.ZSTD_e_flush),
    compress: (input) => zstdCompressSync(input),
  },
  7: { prefix: lz4Prefix, compress: compressLz4 },
};

const names: Readonly<Record<number, string>> = { 3: "LZO" };

/**
 * Checks that pages of a codec can be read.
 * @throws Failure FORMAT_INVALID for a codec that cannot
 */
export function checkCodec(codec: number): void {
  if (codecs[codec] !== undefined) return;
  throw new Failure("FORMAT_INVALID", `pages compressed with ${names[codec] ?? `codec ${codec}`}`);
}

/**
 * Decompresses the start of a page: as far as `input` goes, and not much more than `maxBytes`.
 * @throws Failure FORMAT_INVALID
 */
export async function decompressPrefix(
  codec: number,
  input: Uint8Array,
  maxBytes: number,
  sizes: Sizes,
): Promise<Uint8Array> {
  // A page without values may have no compressed bytes at all.
  if (input.length === 0) return input;
  try {
    return await (codecs[codec] as Codec).prefix(input, maxBytes, sizes);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw invalid(`a page cannot be decompressed: ${errorMessage(error)}`);
  }
}

/** Compresses a whole page. */
export async function compress(codec: number, input: Uint8Array): Promise<Uint8Array> {
  return (codecs[codec] as Codec).compress(input);
}

/**
 * Decodes the codec LZ4 of Hadoop: blocks, each after its decompressed and compressed length (4
 * bytes each, big-endian). Other writers leave the lengths out, under the same codec; what stands
 * there then does not fit the page.
 */
function hadoopLz4Prefix(input: Uint8Array, maxBytes: number, sizes: Sizes): Uint8Array {
  const view = Buffer.from(input.buffer, input.byteOffset, input.length);
  const output: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at + 8 <= view.length && bytes < maxBytes;) {
    const decompressed = view.readUInt32BE(at);
    const stored = view.readUInt32BE(at + 4);
    const fits = at + 8 + stored <= sizes.stored && bytes + decompressed <= sizes.decompressed;
    if (!fits) return lz4Prefix(input, maxBytes);
    const room = Math.min(decompressed, maxBytes - bytes);
    if (room > 0) output.push(lz4Prefix(view.subarray(at + 8, at + 8 + stored), room));
    bytes += decompressed;
    at += 8 + stored;
  }
  return Buffer.concat(output);
}

async function compressHadoopLz4(input: Uint8Array): Promise<Uint8Array> {
  const block = await compressLz4(input);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(input.length, 0);
  head.writeUInt32BE(block.length, 4);
  return Buffer.concat([head, block]);
}

async function compressSnappy(input: Uint8Array): Promise<Uint8Array> {
  const { compressSync } = native.snappy();
  return compressSync(input);
}

/** Compresses to a raw block. The package puts the decompressed length before it. */
async function compressLz4(input: Uint8Array): Promise<Uint8Array> {
  const { compressSync } = native.lz4();
  return compressSync(Buffer.from(input)).subarray(4);
}
