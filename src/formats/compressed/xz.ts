import { buffer } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { Failure } from "../../errors.ts";
import { breathe } from "../../lib/breathe.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { native } from "../codecs/native.ts";
import type { SampleRequest } from "../types.ts";
import { type Compression, LARGE_WINDOW_BYTES } from "./compression.ts";
import { lzma2Decoder, MAX_CHUNK_HEADER_BYTES, parseChunk } from "./lzma2.ts";
import { checkBytes, checkOf } from "./xz-check.ts";
import {
  blockHeaderBytes,
  checkFooter,
  isStream,
  MAX_NUMBER_BYTES,
  parseBlock,
  parseNumber,
  parseStream,
  STREAM_HEADER_BYTES,
  type XzBlock,
} from "./xz-header.ts";

/** Stream parts and padding are multiples of this. */
const UNIT_BYTES = 4;
const START_BYTES = 512;
/** Padding is looked at in pieces of this many bytes. */
const PADDING_BYTES = 4096;

/**
 * Xz (The .xz File Format 1.2.1), decoded by us: the native decoder runs ahead in a thread of its
 * own, which only the garbage collector ends, and loses what comes before damage.
 */
export const xz: Compression = {
  name: "xz",
  extensions: [".xz"],
  tarExtensions: [".tar.xz", ".txz"],
  matches: isStream,
  start,
  decompress: (chunks, alone) => decodeWith(chunks, (reader) => streams(reader, alone)),
  compress,
};

async function* streams(
  reader: ByteReader,
  alone: SampleRequest["alone"],
): AsyncGenerator<Uint8Array, void, void> {
  for (let seen = 0; ; seen += 1) {
    reader.countPart();
    const head = await reader.peek(STREAM_HEADER_BYTES);
    if (!isStream(head)) {
      if (seen === 0) throw new Failure("FORMAT_INVALID", "not xz");
      return;
    }
    const check = parseStream(head);
    await reader.skip(STREAM_HEADER_BYTES);
    yield* blocks(reader, check, alone);
    await skipPadding(reader);
  }
}

async function* blocks(
  reader: ByteReader,
  check: number,
  alone: SampleRequest["alone"],
): AsyncGenerator<Uint8Array, void, void> {
  const records = indexRecords();
  for (;;) {
    const first = (await reader.peek(1))[0];
    if (first === undefined) throw new Failure("FORMAT_INVALID", "unexpected end of file");
    if (first === 0) return checkIndex(reader, records, check);
    reader.countPart();
    const block = parseBlock(await reader.peek(blockHeaderBytes(first)));
    if (block.windowBytes > LARGE_WINDOW_BYTES) await alone?.();
    const start = reader.offset();
    await reader.skip(block.headerBytes);
    const sum = checkOf(check);
    let unpackedBytes = 0;
    for await (const output of blockData(reader, block)) {
      sum?.add(output);
      unpackedBytes += output.length;
      yield output;
    }
    const bytes = reader.offset() - start;
    await skipZeros(reader, -bytes);
    const stored = Buffer.from(await reader.take(checkBytes(check)));
    if (sum !== undefined && !stored.equals(sum.digest())) {
      throw new Failure("FORMAT_INVALID", "a checksum does not match");
    }
    checkSizes(block, bytes - block.headerBytes, unpackedBytes);
    records.add(bytes + stored.length, unpackedBytes);
  }
}

/** @throws Failure FORMAT_INVALID where a block is not as large as its header says. */
function checkSizes(block: XzBlock, storedBytes: number, unpackedBytes: number): void {
  const { storedBytes: stored = storedBytes, unpackedBytes: unpacked = unpackedBytes } = block;
  if (stored === storedBytes && unpacked === unpackedBytes) return;
  throw new Failure("FORMAT_INVALID", "a block of another size than its header says");
}

async function* blockData(
  reader: ByteReader,
  { windowBytes, deltas }: XzBlock,
): AsyncGenerator<Uint8Array, void, void> {
  const decoder = lzma2Decoder(windowBytes);
  const filters = deltas.map(deltaFilter);
  for (;;) {
    const chunk = parseChunk(await reader.peek(MAX_CHUNK_HEADER_BYTES));
    if (chunk === undefined) return reader.skip(1);
    reader.countPart();
    const bytes = chunk.headerBytes + chunk.bytes;
    const { output, damage } = decoder.decode(chunk, await reader.peek(bytes));
    const kept = Buffer.from(output);
    for (const undo of filters) undo(kept);
    if (kept.length > 0) yield kept;
    if (damage !== undefined) throw damage;
    await reader.skip(bytes);
    await breathe();
  }
}

/** Undoes a delta filter in place: each byte is stored as the difference from an earlier one. */
function deltaFilter(distance: number): (bytes: Uint8Array) => void {
  const before = new Uint8Array(256);
  let position = 0;
  return (bytes) => {
    for (let i = 0; i < bytes.length; i += 1) {
      const byte = ((bytes[i] as number) + (before[(position - distance) & 0xff] as number)) & 0xff;
      bytes[i] = byte;
      before[position & 0xff] = byte;
      position += 1;
    }
  };
}

/** The records that an index must have for the blocks, kept as a checksum and not in memory. */
interface IndexRecords {
  /** Bytes of a block, header and check included and padding not, and what they unpack to. */
  add(bytes: number, unpackedBytes: number): void;
  count(): number;
  sum(): number;
}

function indexRecords(): IndexRecords {
  let count = 0;
  let sum = 0;
  return {
    add(bytes, unpackedBytes) {
      count += 1;
      sum = crc32(`${bytes} ${unpackedBytes};`, sum);
    },
    count: () => count,
    sum: () => sum,
  };
}

/**
 * Goes past the index (4) and the stream's footer.
 * @throws Failure FORMAT_INVALID where they do not fit the blocks.
 */
async function checkIndex(reader: ByteReader, blocks: IndexRecords, check: number): Promise<void> {
  const start = reader.offset();
  let crc = 0;

  async function take(bytes: number): Promise<Uint8Array> {
    const taken = await reader.take(bytes);
    crc = crc32(taken, crc);
    return taken;
  }

  async function takeNumber(): Promise<number> {
    const { value, end } = parseNumber(await reader.peek(MAX_NUMBER_BYTES), 0);
    await take(end);
    return value;
  }

  await take(1);
  if ((await takeNumber()) !== blocks.count()) throw invalidIndex();
  const records = indexRecords();
  for (let left = blocks.count(); left > 0; left -= 1) {
    records.add(await takeNumber(), await takeNumber());
  }
  const padding = await take(-(reader.offset() - start) & (UNIT_BYTES - 1));
  const stored = Buffer.from(await reader.take(UNIT_BYTES)).readUInt32LE();
  const isWhole = padding.every((byte) => byte === 0) && stored === crc;
  if (!isWhole || records.sum() !== blocks.sum()) throw invalidIndex();
  const indexBytes = reader.offset() - start;
  checkFooter(await reader.take(STREAM_HEADER_BYTES), check, indexBytes);
}

function invalidIndex(): Failure {
  return new Failure("FORMAT_INVALID", "an invalid index");
}

/** Goes past the zeros that follow after `-bytes` up to a multiple of 4. */
async function skipZeros(reader: ByteReader, bytes: number): Promise<void> {
  const padding = await reader.take(bytes & (UNIT_BYTES - 1));
  if (padding.some((byte) => byte !== 0)) throw new Failure("FORMAT_INVALID", "invalid padding");
}

/** Goes past zeros between streams, in units of four. */
async function skipPadding(reader: ByteReader): Promise<void> {
  for (;;) {
    const padding = await reader.peek(PADDING_BYTES);
    const first = padding.findIndex((byte) => byte !== 0);
    const zeros = first < 0 ? padding.length : first;
    await reader.skip(zeros - (zeros % UNIT_BYTES));
    if (zeros < PADDING_BYTES) return;
    await breathe();
  }
}

/** Decodes the part of the first chunk that is there. */
function start(head: Uint8Array): Uint8Array | undefined {
  try {
    const { headerBytes, windowBytes, deltas } = parseBlock(head.subarray(STREAM_HEADER_BYTES));
    const body = head.subarray(STREAM_HEADER_BYTES + headerBytes);
    const chunk = parseChunk(body);
    if (chunk === undefined) return undefined;
    const bytes = body.subarray(0, chunk.headerBytes + chunk.bytes);
    const unpackedBytes = Math.min(START_BYTES, chunk.unpackedBytes);
    const output = Buffer.from(
      lzma2Decoder(windowBytes).decode({ ...chunk, unpackedBytes }, bytes).output,
    );
    for (const distance of deltas) deltaFilter(distance)(output);
    return output;
  } catch {
    return undefined;
  }
}

/** Writes all input at once, in chunks that are stored, not compressed: the sample is small. */
async function* compress(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { compress: pack } = native.xz();
  // The package's `compressSync` keeps its input for ever.
  yield await pack(await buffer(chunks));
}
