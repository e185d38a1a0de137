import { constants, crc32, createInflateRaw, deflateRawSync, zstdCompressSync } from "node:zlib";
import { errorCode, errorMessage, Failure, NoSample } from "../../errors.ts";
import { slicesOf } from "../../lib/blocks.ts";
import { snappyPrefix } from "../codecs/snappy-block.ts";
import { through } from "../../lib/through.ts";
import { native } from "../codecs/native.ts";
import { bz2 } from "../compressed/bz2.ts";
import type { Compression } from "../compressed/compression.ts";
import { xz } from "../compressed/xz.ts";
import { zst } from "../compressed/zst.ts";
import { joined } from "./pieces.ts";

/** A codec of blocks. */
export interface Codec {
  /**
   * Yields the content of a block of `size` bytes, as input comes. After `mostBytes` of content it
   * may be wrong. Where the input is cut short, it yields as much as it can, then ends or throws.
   * @throws Failure FORMAT_INVALID where the data is damaged; what the input throws.
   */
  decode(
    data: AsyncIterable<Uint8Array>,
    size: number,
    mostBytes: number,
  ): AsyncIterable<Uint8Array>;
  encode(content: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

const SNAPPY_SLICE_BYTES = 64 * 1024;
const CRC_BYTES = 4;
/** Bytes of content above which `bz2` writes a second stream, which readers in Java do not read. */
const BZIP2_BYTES = 900_000;

const codecs = new Map<string, Codec>([
  ["null", { decode: (data) => data, encode: (content) => content }],
  ["deflate", { decode: inflate, encode: (content) => deflateRawSync(content) }],
  ["snappy", { decode: unsnap, encode: snap }],
  // In one piece, so that the frame says how long its content is: some readers ask for that.
  ["zstandard", { ...codecBy(zst), encode: (content) => zstdCompressSync(content) }],
  ["bzip2", { ...codecBy(bz2), encode: bzip2 }],
  ["xz", codecBy(xz)],
]);

/**
 * The codec of that name. Source: Avro 1.12, "Required Codecs" and "Optional Codecs".
 * @throws NoSample for one that is not known.
 */
export function codecOf(name: string): Codec {
  const codec = codecs.get(name);
  if (codec === undefined) throw new NoSample(`blocks compressed with ${name}`);
  return codec;
}

function codecBy(compression: Compression): Codec {
  return {
    decode: (data) => translated(compression.decompress(data)),
    encode: (content) => joined(compression.compress(only(content))),
  };
}

function bzip2(content: Uint8Array): Uint8Array | Promise<Uint8Array> {
  if (content.length <= BZIP2_BYTES) return codecBy(bz2).encode(content);
  throw new NoSample(`a bzip2 block cut at more than ${BZIP2_BYTES} bytes`);
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield content;
}

function inflate(data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const transform = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  return translated(through(data, transform));
}

/** Yields the same content; errors of zlib and libzstd become FORMAT_INVALID. */
async function* translated(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* content;
  } catch (error) {
    if (!/^(Z|ZSTD)_/.test(errorCode(error) ?? "")) throw error;
    throw new Failure("FORMAT_INVALID", errorMessage(error), { cause: error });
  }
}

/** Decodes Snappy with a checksum (big endian CRC-32) of the content after it. */
async function* unsnap(
  data: AsyncIterable<Uint8Array>,
  size: number,
  mostBytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let yielded = 0;
  for await (const slice of slicesOf(data, SNAPPY_SLICE_BYTES)) {
    held.push(slice);
    heldBytes += slice.length;
    // Decoding starts from the beginning each time, so that it is done at 1, 2, 4, 8, … slices.
    if (heldBytes < size && !Number.isInteger(Math.log2(held.length))) continue;
    yield* more();
  }
  if (heldBytes < size) yield* more();

  function* more(): Generator<Uint8Array, void, void> {
    const block = Buffer.concat(held);
    const isWhole = heldBytes === size;
    const content = snappyPrefix(isWhole ? block.subarray(0, -CRC_BYTES) : block, mostBytes);
    if (isWhole && content.length < mostBytes) checkCrc(content, block.subarray(-CRC_BYTES));
    yield content.subarray(yielded);
    yielded = content.length;
  }
}

/** @throws Failure FORMAT_INVALID */
function checkCrc(content: Uint8Array, stored: Buffer): void {
  if (stored.length === CRC_BYTES && stored.readUInt32BE() === crc32(content)) return;
  throw new Failure("FORMAT_INVALID", "a checksum is wrong");
}

async function snap(content: Uint8Array): Promise<Uint8Array> {
  const { compressSync } = native.snappy();
  const checksum = Buffer.alloc(CRC_BYTES);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([compressSync(content), checksum]);
}
