import { Failure } from "../../errors.ts";
import type { ByteReader } from "../../lib/byte-reader.ts";
import type { Codec } from "./codecs.ts";
import { type Header, SYNC_BYTES } from "./header.ts";
import { longBytes, longReader } from "./long.ts";
import { joined, piecesOf } from "./pieces.ts";
import type { RecordCutter } from "./record-cutter.ts";

/** The facts of a block that stand before its data. */
export interface BlockStart {
  readonly records: number;
  /** Bytes of its data. */
  readonly size: number;
  /** The two numbers as they stand in the file. */
  readonly bytes: Uint8Array;
}

/** Options of reading blocks. */
export interface BlockReading {
  readonly header: Header;
  readonly codec: Codec;
  readonly cutter: RecordCutter;
  /** Content of a block that may be part of a sample. */
  readonly mostBytes: number;
}

/**
 * Bytes that a block's data may take beyond twice its content: some codecs allow parts without
 * content.
 */
const FREE_BYTES = 64 * 1024;

/**
 * Reads what comes before a block's data; undefined at the end of the file.
 * @throws Failure FORMAT_INVALID
 */
export async function readBlockStart(reader: ByteReader): Promise<BlockStart | undefined> {
  if ((await reader.peek(1)).length === 0) return undefined;
  const bytes: number[] = [];
  const records = await readLong(reader, bytes);
  const size = await readLong(reader, bytes);
  if (records < 0 || size < 0) throw new Failure("FORMAT_INVALID", "what follows is no block");
  return { records, size, bytes: Uint8Array.from(bytes) };
}

/**
 * Reads the block that starts here through the cutter; returns its bytes, with the sync marker, or
 * undefined where a limit was reached.
 * @throws NoSample; Failure FORMAT_INVALID, when the cutter has what came before the damage.
 */
export async function readBlock(
  reader: ByteReader,
  { records, size, bytes }: BlockStart,
  { header, codec, cutter, mostBytes }: BlockReading,
): Promise<Uint8Array | undefined> {
  if (!cutter.begin(records, bytes.length + size + SYNC_BYTES)) return undefined;
  const data = recorded(reader, 2 * mostBytes + FREE_BYTES);
  // Also a block without data may have records.
  if (!cutter.feed(new Uint8Array())) return undefined;
  if (size > 0) {
    for await (const chunk of codec.decode(data.read(size), size, mostBytes)) {
      if (!cutter.feed(chunk)) return undefined;
    }
  }
  // A codec need not read to the end of its data.
  await joined(data.read(size - data.bytes()));
  if (data.bytes() < size) throw new Failure("FORMAT_INVALID", "the last block is cut off");
  if (!cutter.isWhole()) throw new Failure("FORMAT_INVALID", "a block has too few records");
  const sync = await reader.take(SYNC_BYTES);
  const isKept = header.sync.equals(sync);
  cutter.end(isKept);
  if (!isKept) throw new Failure("FORMAT_INVALID", "no sync marker where one should be");
  return Buffer.concat([bytes, ...data.pieces(), sync]);
}

/** The bytes of a block with that content. */
export async function writeBlock(
  { records, content }: { readonly records: number; readonly content: Uint8Array },
  { sync }: Header,
  codec: Codec,
): Promise<Uint8Array> {
  const data = await codec.encode(content);
  return Buffer.concat([longBytes(records), longBytes(data.length), data, sync]);
}

async function readLong(reader: ByteReader, bytes: number[]): Promise<number> {
  const toNumber = longReader();
  for (;;) {
    const byte = (await reader.take(1))[0] as number;
    bytes.push(byte);
    const long = toNumber(byte);
    if (long !== undefined) return long;
  }
}

/** Remembers what is read of a block's data. */
interface Recorded {
  read(bytes: number): AsyncGenerator<Uint8Array, void, void>;
  bytes(): number;
  pieces(): readonly Uint8Array[];
}

function recorded(reader: ByteReader, mostBytes: number): Recorded {
  const pieces: Uint8Array[] = [];
  let bytes = 0;

  async function* read(count: number): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of piecesOf(reader, count)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > mostBytes) throw new Failure("FORMAT_INVALID", "a block has too much data");
      yield piece;
    }
  }

  return { read, bytes: () => bytes, pieces: () => pieces };
}
