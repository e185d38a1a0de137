import { Failure, NoSample } from "../../errors.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { drawsFrom } from "../strategies/draws.ts";
import { type PartLimits, sampleOfParts, type WholePart } from "../strategies/parts-sample.ts";
import { MOVES, partsIn, partsWithin, placesIn } from "../strategies/places.ts";
import { type Readable, readOn } from "../strategies/read-on.ts";
import type { SampleRequest, SampleStream, Strategy } from "../types.ts";
import { readBlockStart } from "./blocks.ts";
import { codecOf } from "./codecs.ts";
import { firstBlocks } from "./first-blocks.ts";
import { isAvro } from "./avro.ts";
import { type Header, readHeader, SYNC_BYTES } from "./header.ts";
import { PIECE_BYTES } from "./pieces.ts";
import { recordCutter } from "./record-cutter.ts";
import { valueScanner } from "./value-scanner.ts";

/** Bytes of a window, at least and at most. */
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 1024 * 1024;

/** A file whose blocks are found by their sync markers. */
interface Blocks extends Readable {
  readonly header: Header;
  /** Bytes in which a marker is looked for; two windows more where there is none. */
  readonly window: number;
  /** Hears what is damaged. */
  readonly warn: (warning: string) => void;
}

/**
 * Begins a spread over an Avro file: the first records, those of the last whole block, and in
 * places between the first ones of a block, each found by the marker before it. Returns the reason
 * where the file cannot be spread over.
 */
export async function spreadAvro(
  { source, limits }: SampleRequest,
  { parts, seed }: Strategy,
): Promise<SampleStream | string> {
  const { slice: read, size, whyNoSlice = "it cannot be read from the middle" } = source;
  if (read === undefined || size === undefined) return whyNoSlice;
  const head = await source.head();
  if (!isAvro(head)) return "it does not begin like one";
  const { header, blockBytes } = await beginningOf(readOn({ read, size }, 0, head));
  const window = Math.min(Math.max(LEAST_BYTES, 2 * blockBytes), MOST_BYTES);
  const most = Math.min(partsIn(size, window), partsWithin(limits.readBytes, window));
  const count = Math.min(parts, limits.rows, most);
  if (count < 2) return "it has no room for several parts";

  const warnings: string[] = [];
  const blocks = { read, size, header, window, warn: (one: string) => void warnings.push(one) };
  const draws = drawsFrom(`${seed}\0${size}`);
  const places = [0, ...placesIn(size, count, window, draws), size - window];
  source.willSlice?.(places.slice(1).map((start) => ({ start, end: start + window })));
  const plan = { format: "avro", warnings, count, limits, largest: window };
  return sampleOfParts(plan, (wanted) => {
    if (wanted.part === 0) return firstPart(blocks, head, wanted);
    if (wanted.part === count - 1) return lastPart(blocks, wanted);
    return partAt(blocks, places[wanted.part] as number, wanted);
  });
}

/** The header, and the bytes of the first block. */
async function beginningOf(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly header: Header; readonly blockBytes: number }> {
  let header: Header | undefined;
  let blockBytes = 0;
  await drain(chunks, async function* (reader) {
    header = await readHeader(reader);
    blockBytes = (await readBlockStart(reader))?.size ?? 0;
    yield* [];
  });
  return { header: header as Header, blockBytes };
}

async function firstPart(blocks: Blocks, head: Uint8Array, limits: PartLimits): Promise<WholePart> {
  const { bytes } = blocks.header;
  const chunks = readOn(blocks, 0, head);
  const part = await recordsOf(chunks, blocks, limits, async (reader) => {
    await reader.skip(bytes.length);
    return true;
  });
  return { ...(part as WholePart), bytes: Buffer.concat([bytes, (part as WholePart).bytes]) };
}

/** The records of a block that begins after `place`; undefined where none begins soon. */
async function partAt(
  blocks: Blocks,
  place: number,
  limits: PartLimits,
): Promise<WholePart | undefined> {
  const { header, window, read } = blocks;
  const most = (MOVES + 1) * window;
  const chunks = readOn(blocks, place, await read(place, place + window));
  return readable(place, () =>
    recordsOf(chunks, blocks, onlyFitting(limits), (reader) => passSync(reader, header, most)),
  );
}

/** The records of the last block that is whole; undefined where the last window does not hold it. */
async function lastPart(blocks: Blocks, limits: PartLimits): Promise<WholePart | undefined> {
  const { header, window, read, size } = blocks;
  const bytes = Buffer.from(await read(size - window, size));
  const end = bytes.lastIndexOf(header.sync);
  const start = end <= 0 ? -1 : bytes.lastIndexOf(header.sync, end - 1);
  if (start < 0) return undefined;
  const block = bytes.subarray(start + SYNC_BYTES, end + SYNC_BYTES);
  return readable(size - window + start + SYNC_BYTES, () =>
    recordsOf(onceOf(block), blocks, onlyFitting(limits), async () => true),
  );
}

/** A first record that is longer than the share of its part does not count either. */
function onlyFitting(limits: PartLimits): PartLimits {
  return { ...limits, recordBytes: Math.min(limits.recordBytes, limits.bytes) };
}

/** A part that was read from `place` on; undefined where it is damaged, empty where nothing fits. */
async function readable(
  place: number,
  read: () => Promise<WholePart | undefined>,
): Promise<WholePart | undefined> {
  try {
    const part = await read();
    return part && { ...part, at: place + part.at };
  } catch (error) {
    if (error instanceof NoSample) return { at: place, rows: 0, bytes: Buffer.of(), cut: "bytes" };
    if (error instanceof Failure && error.code === "FORMAT_INVALID") return undefined;
    throw error;
  }
}

/** The first records after what `pass` passes over; undefined where that is false. */
async function recordsOf(
  chunks: AsyncIterable<Uint8Array>,
  { header, warn }: Blocks,
  limits: PartLimits,
  pass: (reader: ByteReader) => Promise<boolean>,
): Promise<WholePart | undefined> {
  const cutter = recordCutter(valueScanner(header.schema), limits);
  const mostBytes = Math.max(limits.bytes, limits.recordBytes) + 1;
  const reading = { header, codec: codecOf(header.codec), cutter, mostBytes };
  let at = -1;
  const bytes = await drain(chunks, async function* (reader) {
    if (!(await pass(reader))) return;
    at = reader.offset();
    const damage = yield* firstBlocks(reader, reading);
    if (damage !== undefined) warn(damage);
  });
  return at < 0 ? undefined : { at, rows: cutter.records(), bytes, cut: cutter.cut() };
}

/** Passes the next sync marker; false where there is none in the next `most` bytes. */
async function passSync(reader: ByteReader, { sync }: Header, most: number): Promise<boolean> {
  while (reader.offset() < most) {
    const piece = Buffer.from(await reader.peek(PIECE_BYTES));
    const at = piece.indexOf(sync);
    if (at >= 0) {
      await reader.skip(at + SYNC_BYTES);
      return true;
    }
    if (piece.length < SYNC_BYTES) return false;
    await reader.skip(piece.length - SYNC_BYTES + 1);
  }
  return false;
}

async function drain(
  chunks: AsyncIterable<Uint8Array>,
  decode: (reader: ByteReader) => AsyncGenerator<Uint8Array, void, void>,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decodeWith(chunks, decode)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* onceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
