import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  type ZstdOptions,
  zstdDecompressSync,
} from "node:zlib";
import { Failure } from "../../errors.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { through, throughEach } from "../../lib/through.ts";
import { type Compression, LARGE_WINDOW_BYTES } from "./compression.ts";
import type { SampleRequest } from "../types.ts";
import { firstFrame, skipFrames } from "./skippable.ts";
import {
  BLOCK_HEADER_BYTES,
  CHECKSUM_BYTES,
  isFrame,
  MAX_HEADER_BYTES,
  parseBlock,
  parseFrame,
  type ZstFrame,
} from "./zst-frame.ts";
import { isSeekableZst, writeSeekableZst } from "./zst-seekable.ts";

/** Compressed bytes that hold a first tar header, where the first block is not longer. */
const START_BYTES = 4096;
/**
 * Options for reading. We check the window ourselves: libzstd does not see that the content may be
 * small.
 */
const reading: ZstdOptions = { params: { [constants.ZSTD_d_windowLogMax]: 31 } };
const writing: ZstdOptions = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

/** Zstandard (RFC 8878), by libzstd. Node reads one frame only, so frames are found by us. */
export const zst: Compression = {
  name: "zst",
  extensions: [".zst"],
  tarExtensions: [".tar.zst", ".tzst"],
  matches: (head) => isFrame(head, firstFrame(head)),
  start,
  decompress: (chunks, alone) => decodeWith(chunks, (reader) => frames(reader, alone)),
  compress: (chunks) => through(chunks, createZstdCompress(writing)),
  kinds: [{ name: "seekable-zst", isKind: isSeekableZst, compress: writeSeekableZst }],
};

async function* frames(
  reader: ByteReader,
  alone: SampleRequest["alone"],
): AsyncGenerator<Uint8Array, void, void> {
  for (let seen = 0; ; seen += 1) {
    reader.countPart();
    seen += await skipFrames(reader);
    const head = await reader.peek(MAX_HEADER_BYTES);
    if (!isFrame(head)) {
      if (seen === 0) throw new Failure("FORMAT_INVALID", `not zstd${oldVersion(head)}`);
      return;
    }
    const frame = parseFrame(head);
    if (frame.windowBytes > LARGE_WINDOW_BYTES) await alone?.();
    yield* throughEach(pieces(reader, frame), createZstdDecompress(reading));
  }
}

/**
 * Yields the parts of one frame: its header with the first block, then block by block. The content
 * of a block is out before the next one goes in, so that damage costs no other block.
 */
async function* pieces(
  reader: ByteReader,
  { headerBytes, hasChecksum }: ZstFrame,
): AsyncGenerator<Uint8Array, void, void> {
  for (let before = headerBytes; ; before = 0) {
    reader.countPart();
    const header = (await reader.peek(before + BLOCK_HEADER_BYTES)).subarray(before);
    const { bytes, isLast } = parseBlock(header);
    yield await reader.take(before + bytes);
    if (isLast) break;
  }
  if (hasChecksum) yield await reader.take(CHECKSUM_BYTES);
}

/** Decodes those of the first blocks that are there as a whole. */
function start(head: Uint8Array): Uint8Array | undefined {
  try {
    const frame = head.subarray(firstFrame(head));
    let end = parseFrame(frame).headerBytes;
    for (let isLast = false; !isLast && end < START_BYTES;) {
      const block = parseBlock(frame, end);
      if (end + block.bytes > frame.length) break;
      end += block.bytes;
      isLast = block.isLast;
    }
    const finishFlush = constants.ZSTD_e_flush;
    return zstdDecompressSync(frame.subarray(0, end), { ...reading, finishFlush });
  } catch {
    return undefined;
  }
}

/** The format of a version before 0.8; those had formats of their own. */
function oldVersion(head: Uint8Array): string {
  const [first = 0, second, third, fourth] = head;
  const isLater = first >= 0x22 && first <= 0x27 && second === 0xb5;
  const isFirst = first === 0xfd && second === 0x2f && third === 0xb5 && fourth === 0x1e;
  const isOld = isFirst || (isLater && third === 0x2f && fourth === 0xfd);
  return isOld ? " as it is since version 0.8" : "";
}
