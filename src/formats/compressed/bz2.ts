import decoder from "unbzip2-stream/lib/bzip2.js";
import { Failure } from "../../errors.ts";
import { breathe } from "../../lib/breathe.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { hasBytes } from "../../lib/signature.ts";
import { bitReader, ranOut } from "./bz2-bits.ts";
import { bzip2 } from "./bz2-write.ts";
import { decompressRandomised, isRandomised } from "./bz2-randomised.ts";
import type { Compression } from "./compression.ts";

const HEADER_BYTES = 4;
/** The header, and the signature of the first block or of the stream's end. */
const START_BYTES = 10;
/** Bytes of a block's content for each level from 1 to 9. */
const LEVEL_BYTES = 100_000;
/** Bytes that a block takes above its content, when that cannot be compressed. */
const MORE_BYTES = 25_000;
/** Bytes that a block takes at most: 900,000 symbols of 20 bits, and its tables. */
const MAX_BLOCK_BYTES = 3 * 1024 * 1024;
/** Bytes of a piece: a block may hold 50 times as much, and is handed on in pieces. */
const PIECE_BYTES = 64 * 1024;
/** Bytes that are enough to see a tar header. */
const TAR_BYTES = 512;

let memory = new Int32Array();

/** The part of a stream that was read, and where the rest begins. */
interface Found {
  /** The content of a block; undefined for the stream's end. */
  readonly content: Uint8Array | undefined;
  readonly checksum: number;
  /** Bits from the start of the input. */
  readonly end: number;
}

/**
 * Bzip2, by unbzip2-stream's decoder of blocks: its stream holds each byte of a block as a number,
 * which for a block that holds 46 MB is 400 MB.
 */
export const bz2: Compression = {
  name: "bz2",
  extensions: [".bz2"],
  tarExtensions: [".tar.bz2", ".tbz2", ".tbz"],
  matches: isStream,
  start,
  decompress: (chunks) => decodeWith(chunks, streams),
  compress: bzip2,
};

function isStream(head: Uint8Array): boolean {
  const block = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
  const end = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
  const isFollowed = hasBytes(head, block, HEADER_BYTES) || hasBytes(head, end, HEADER_BYTES);
  return levelOf(head) > 0 && isFollowed;
}

/** The level in a header, 1 to 9; 0 where it is not a header. */
function levelOf(head: Uint8Array): number {
  const level = (head[3] ?? 0) - 0x30;
  return hasBytes(head, [0x42, 0x5a, 0x68]) && level >= 1 && level <= 9 ? level : 0;
}

async function* streams(reader: ByteReader): AsyncGenerator<Uint8Array, void, void> {
  for (let seen = 0; ; seen += 1) {
    reader.countPart();
    const head = await reader.peek(START_BYTES);
    if (!isStream(head)) {
      const isCut = head.length < START_BYTES && levelOf(head) > 0;
      if (isCut) throw new Failure("FORMAT_INVALID", "unexpected end of file");
      if (seen === 0) throw new Failure("FORMAT_INVALID", "not bzip2");
      return;
    }
    if (seen === 0) decoder.header(bitReader(head, 0).bits);
    const level = levelOf(head);
    await reader.skip(HEADER_BYTES);
    yield* blocks(reader, level);
  }
}

async function* blocks(reader: ByteReader, level: number): AsyncGenerator<Uint8Array, void, void> {
  const links = linksOf(level);
  let bit = 0;
  let checksum = 0;
  for (;;) {
    const found = await nextBlock(reader, bit, links, checksum);
    await breathe();
    if (found.content === undefined) return reader.skip(Math.ceil(found.end / 8));
    for (let at = 0; at < found.content.length; at += PIECE_BYTES) {
      yield found.content.subarray(at, at + PIECE_BYTES);
    }
    checksum = found.checksum;
    await reader.skip(found.end >> 3);
    bit = found.end & 7;
  }
}

/**
 * Reads the bytes that a block has at least, and all that it can have only where these are too few.
 */
async function nextBlock(
  reader: ByteReader,
  bit: number,
  links: Int32Array,
  checksum: number,
): Promise<Found> {
  for (let bytes = links.length + MORE_BYTES; ; bytes = MAX_BLOCK_BYTES) {
    const input = await reader.peek(bytes);
    const found = decode(input, bit, links, checksum);
    if (found !== undefined) return found;
    if (input.length < bytes || bytes === MAX_BLOCK_BYTES) {
      throw new Failure("FORMAT_INVALID", "unexpected end of file");
    }
  }
}

/**
 * Decodes the block at a bit; undefined where the input ends within it.
 * @throws Failure FORMAT_INVALID
 */
function decode(
  input: Uint8Array,
  bit: number,
  links: Int32Array,
  checksum: number,
): Found | undefined {
  const { bits, position } = bitReader(input, bit);
  const content = byteSink();
  try {
    const sum = isRandomised(input, bit)
      ? decompressRandomised(bits, content.add, links, checksum)
      : decoder.decompress(bits, content.add, links, links.length, checksum);
    if (sum === null) return { content: undefined, checksum, end: position() };
    return { content: content.bytes(), checksum: sum, end: position() };
  } catch (error) {
    if (error === ranOut) return undefined;
    throw new Failure("FORMAT_INVALID", "an invalid block or checksum", { cause: error });
  }
}

/**
 * Memory to decode a block in. It is used again for the next block: 3.6 MB for each file would be
 * left to the garbage collector. A block is decoded without a pause, so two never share it.
 */
function linksOf(level: number): Int32Array {
  const length = level * LEVEL_BYTES;
  if (memory.length < length) memory = new Int32Array(length);
  return memory.subarray(0, length);
}

/** Takes bytes one by one. */
function byteSink(): { add(byte: number): void; bytes(): Uint8Array } {
  let buffer = new Uint8Array(PIECE_BYTES);
  let length = 0;
  return {
    add(byte) {
      if (length === buffer.length) {
        const larger = new Uint8Array(buffer.length * 2);
        larger.set(buffer);
        buffer = larger;
      }
      buffer[length] = byte;
      length += 1;
    },
    bytes: () => buffer.subarray(0, length),
  };
}

/** Decodes the start of the first block, where all of that block is there. */
function start(head: Uint8Array): Uint8Array | undefined {
  const first: number[] = [];
  try {
    const { bits } = bitReader(head, 0);
    const links = linksOf(decoder.header(bits));
    const output = (byte: number): void => {
      first.push(byte);
      if (first.length === TAR_BYTES) throw ranOut;
    };
    decoder.decompress(bits, output, links, links.length, 0);
  } catch {
    // Either enough is there, or too little.
  }
  return first.length < TAR_BYTES ? undefined : Uint8Array.from(first);
}
