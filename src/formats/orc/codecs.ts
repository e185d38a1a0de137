import {
  constants,
  createInflateRaw,
  createZstdDecompress,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { lz4Prefix } from "../codecs/lz4-block.ts";
import { native } from "../codecs/native.ts";
import { snappyPrefix } from "../codecs/snappy-block.ts";
import { zlibPrefix } from "../codecs/zlib-prefix.ts";

/** A codec of ORC. */
export interface Codec {
  readonly name: string;
  /** Its two directions, for a chunk; absent where we have none, and where chunks are not used. */
  readonly chunks?: {
    /**
     * Decompresses what the first bytes of a chunk hold: as far as they go, and not much more than
     * `maxBytes`.
     * @throws anything, where the chunk is damaged
     */
    prefix(input: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array>;
    pack(input: Uint8Array): Uint8Array;
  };
}

/** The codec of a file that is not compressed: its streams have no chunks. */
export const NONE: Codec = { name: "none" };

/** Codecs, by their number (orc_proto.proto, `CompressionKind`). */
export const codecs: readonly Codec[] = [
  NONE,
  {
    name: "zlib",
    chunks: {
      prefix: zlibPrefix(inflateRawSync, createInflateRaw, constants.Z_SYNC_FLUSH),
      pack: (input) => deflateRawSync(input),
    },
  },
  {
    name: "snappy",
    chunks: {
      prefix: snappyPrefix,
      pack: (input) => native.snappy().compressSync(Buffer.from(input)),
    },
  },
  { name: "lzo" },
  {
    name: "lz4",
    chunks: {
      prefix: lz4Prefix,
      // The package puts the decompressed length before the block.
      pack: (input) => native.lz4().compressSync(Buffer.from(input)).subarray(4),
    },
  },
  {
    name: "zstd",
    chunks: {
      prefix: zlibPrefix(zstdDecompressSync, createZstdDecompress, constants.ZSTD_e_flush),
      pack: (input) => zstdCompressSync(input),
    },
  },
];
