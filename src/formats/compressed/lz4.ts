import { buffer } from "node:stream/consumers";
import { Failure } from "../../errors.ts";
import { breathe } from "../../lib/breathe.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { decodeLz4Block, lz4Prefix, MAX_RATIO } from "../codecs/lz4-block.ts";
import { xxh32 } from "../codecs/xxh32.ts";
import { native } from "../codecs/native.ts";
import type { Compression } from "./compression.ts";
import {
  frameKind,
  LEGACY_BLOCK_BYTES,
  type Lz4Frame,
  MAX_HEADER_BYTES,
  MAX_LEGACY_BYTES,
  parseBlock,
  parseFrame,
  readUint32,
} from "./lz4-frame.ts";
import { firstFrame, skipFrames } from "./skippable.ts";

/** The distance that a block may refer back, bytes. */
const WINDOW_BYTES = 64 * 1024;
const START_BYTES = 512;

/**
 * LZ4 (LZ4 Frame Format 1.6, legacy frames too), decoded by us: npm's decoders take the first frame
 * only, and it as a whole. All checksums are verified.
 */
export const lz4: Compression = {
  name: "lz4",
  extensions: [".lz4"],
  tarExtensions: [".tar.lz4"],
  matches: (head) => frameKind(head, firstFrame(head)) !== undefined,
  start,
  decompress: (chunks) => decodeWith(chunks, frames),
  compress,
};

async function* frames(reader: ByteReader): AsyncGenerator<Uint8Array, void, void> {
  for (let seen = 0; ; seen += 1) {
    reader.countPart();
    seen += await skipFrames(reader);
    const head = await reader.peek(MAX_HEADER_BYTES);
    const kind = frameKind(head);
    if (kind === "frame") yield* frameBlocks(reader, parseFrame(head));
    else if (kind === "legacy") yield* legacyBlocks(reader);
    else if (seen === 0) throw new Failure("FORMAT_INVALID", "not LZ4");
    else return;
  }
}

async function* frameBlocks(
  reader: ByteReader,
  frame: Lz4Frame,
): AsyncGenerator<Uint8Array, void, void> {
  await reader.skip(frame.headerBytes);
  const hash = xxh32();
  let window: Uint8Array = new Uint8Array();
  for (;;) {
    const block = parseBlock(await reader.peek(4), frame);
    await reader.skip(4);
    if (block === undefined) break;
    reader.countPart();
    const stored = await reader.peek(block.bytes);
    const output = block.isStored ? stored : decode(stored, window, frame.blockBytes);
    hash.add(output);
    if (frame.isLinked) window = lastOf(window, output);
    yield output;
    await breathe();
    await reader.skip(block.bytes);
    if (frame.hasBlockChecksums) await checkBlock(reader, stored);
  }
  if (frame.hasChecksum) check(readUint32(await reader.take(4)), hash.digest());
}

/** Decodes blocks of 8 MiB until something else follows; the format has no mark for its end. */
async function* legacyBlocks(reader: ByteReader): AsyncGenerator<Uint8Array, void, void> {
  await reader.skip(4);
  for (;;) {
    const head = await reader.peek(4);
    if (head.length < 4 || readUint32(head) > MAX_LEGACY_BYTES) return;
    reader.countPart();
    await reader.skip(4);
    const bytes = readUint32(head);
    yield lz4Prefix(await reader.peek(bytes), LEGACY_BLOCK_BYTES);
    await breathe();
    await reader.skip(bytes);
  }
}

/** Decodes a block into memory of its own. A block that is cut short holds less. */
function decode(block: Uint8Array, window: Uint8Array, blockBytes: number): Uint8Array {
  const most = Math.min(blockBytes + 1, block.length * MAX_RATIO);
  const output = new Uint8Array(window.length + most);
  output.set(window);
  const end = decodeLz4Block(block, output, window.length);
  return checkLength(output.subarray(window.length, end), blockBytes);
}

function checkLength(output: Uint8Array, blockBytes: number): Uint8Array {
  if (output.length <= blockBytes) return output;
  throw new Failure("FORMAT_INVALID", "a block holds more than its frame allows");
}

/** The last 64 KiB of both together. */
function lastOf(before: Uint8Array, output: Uint8Array): Uint8Array {
  if (output.length >= WINDOW_BYTES) return output.subarray(-WINDOW_BYTES);
  return Buffer.concat([before.subarray(-(WINDOW_BYTES - output.length)), output]);
}

async function checkBlock(reader: ByteReader, stored: Uint8Array): Promise<void> {
  const hash = xxh32();
  hash.add(stored);
  check(readUint32(await reader.take(4)), hash.digest());
}

function check(expected: number, digest: number): void {
  if (expected !== digest) throw new Failure("FORMAT_INVALID", "a checksum does not match");
}

function start(head: Uint8Array): Uint8Array | undefined {
  try {
    const at = firstFrame(head);
    const kind = frameKind(head, at);
    if (kind === "legacy") return lz4Prefix(head.subarray(at + 8), START_BYTES);
    const frame = parseFrame(head.subarray(at, at + MAX_HEADER_BYTES));
    const body = head.subarray(at + frame.headerBytes);
    const block = parseBlock(body, frame);
    const stored = body.subarray(4, 4 + (block?.bytes ?? 0));
    return block?.isStored === true ? stored : lz4Prefix(stored, START_BYTES);
  } catch {
    return undefined;
  }
}

/** Compresses all input at once: the sample is small. */
async function* compress(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { compressFrameSync } = native.lz4();
  yield compressFrameSync(await buffer(chunks), { contentChecksum: true });
}
