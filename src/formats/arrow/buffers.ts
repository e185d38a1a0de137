import { zstdCompressSync } from "node:zlib";
import type { Limits } from "../../lib/limits.ts";
import { native } from "../codecs/native.ts";
import { lz4 } from "../compressed/lz4.ts";
import { zst } from "../compressed/zst.ts";
import { checkRatio } from "../ratio.ts";
import { invalid, type Message } from "./messages.ts";

const STEP_BYTES = 64 * 1024;
/** Bytes before a buffer that is compressed: the length that it has when it is not. */
const LENGTH_BYTES = 8;
/** Stands for that length where a buffer is not compressed after all. */
const NOT_COMPRESSED = -1n;

/** Codecs, by their number (Message.fbs, `CompressionType`). */
const codecs = [
  {
    undo: lz4.decompress,
    pack: (bytes: Buffer): Uint8Array =>
      native.lz4().compressFrameSync(bytes, { contentChecksum: false }),
  },
  { undo: zst.decompress, pack: (bytes: Buffer): Uint8Array => zstdCompressSync(bytes) },
];
type Codec = (typeof codecs)[number];

/** The buffers of a batch of records. */
export interface Buffers {
  readonly count: number;
  /** Bytes of a buffer when it is not compressed. */
  length(index: number): Promise<number>;
  /**
   * The first bytes of a buffer, not compressed.
   * @throws Failure FORMAT_INVALID where it has fewer; LIMIT_EXCEEDED for a bomb
   */
  first(index: number, bytes: number): Promise<Buffer>;
  /** Bytes as they are stored in a buffer of this batch. */
  packed(bytes: Buffer): Buffer;
}

/** Opens the buffers of a batch. */
export function openBuffers(
  read: (start: number, end: number) => Promise<Uint8Array>,
  { header, bodyAt, bodyBytes }: Message,
  limits: Pick<Limits, "ratio">,
): Buffers {
  const places = header.structs(2, 16).map((struct) => ({
    at: bodyAt + Number(struct.readBigInt64LE(0)),
    bytes: Number(struct.readBigInt64LE(8)),
  }));
  const compression = header.table(3);
  const codec = compression === undefined ? undefined : codecs[compression.number(0, 1)];
  if (compression !== undefined && codec === undefined) throw invalid("its compression");

  return { count: places.length, length, first, packed: (bytes) => pack(bytes, codec) };

  function placeOf(index: number): { readonly at: number; readonly bytes: number } {
    const place = places[index];
    if (place === undefined) throw invalid("fewer buffers than its schema has");
    const { at, bytes } = place;
    if (at >= bodyAt && bytes >= 0 && at + bytes <= bodyAt + bodyBytes) return place;
    throw invalid("a buffer outside of its message");
  }

  async function length(index: number): Promise<number> {
    const { at, bytes } = placeOf(index);
    if (codec === undefined || bytes === 0) return bytes;
    const all = await saidLength(at, bytes);
    return all === NOT_COMPRESSED ? bytes - LENGTH_BYTES : Number(all);
  }

  /** The length before a buffer that may be compressed. */
  async function saidLength(at: number, bytes: number): Promise<bigint> {
    const said = Buffer.from(await read(at, at + LENGTH_BYTES));
    if (bytes < LENGTH_BYTES || said.length < LENGTH_BYTES) throw invalid("a buffer is cut off");
    return said.readBigInt64LE(0);
  }

  async function first(index: number, wanted: number): Promise<Buffer> {
    if (wanted === 0) return Buffer.alloc(0);
    const { at, bytes } = placeOf(index);
    if (codec === undefined) return exactly(at, bytes, wanted);
    const [start, stored] = [at + LENGTH_BYTES, bytes - LENGTH_BYTES];
    if ((await saidLength(at, bytes)) === NOT_COMPRESSED) return exactly(start, stored, wanted);
    return unpacked(codec, start, stored, wanted);
  }

  async function exactly(at: number, bytes: number, wanted: number): Promise<Buffer> {
    const found = wanted <= bytes ? Buffer.from(await read(at, at + wanted)) : Buffer.alloc(0);
    if (found.length < wanted) throw invalid("a buffer is shorter than its rows");
    return found;
  }

  async function unpacked({ undo }: Codec, at: number, bytes: number, wanted: number) {
    const taken = { bytes: 0 };
    const pieces: Uint8Array[] = [];
    let made = 0;
    for await (const piece of undo(steps(at, bytes, taken))) {
      pieces.push(piece);
      made += piece.length;
      checkRatio(made, taken.bytes, limits);
      if (made >= wanted) break;
    }
    if (made < wanted) throw invalid("a buffer is shorter than its rows");
    return Buffer.concat(pieces).subarray(0, wanted);
  }

  async function* steps(
    at: number,
    bytes: number,
    taken: { bytes: number },
  ): AsyncGenerator<Uint8Array, void, void> {
    for (let done = 0; done < bytes;) {
      const piece = await read(at + done, at + Math.min(bytes, done + STEP_BYTES));
      if (piece.length === 0) throw invalid("it is cut off");
      done += piece.length;
      taken.bytes += piece.length;
      yield piece;
    }
  }
}

function pack(bytes: Buffer, codec: Codec | undefined): Buffer {
  if (codec === undefined || bytes.length === 0) return bytes;
  const packed = codec.pack(bytes);
  const isSmaller = packed.length < bytes.length;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigInt64LE(isSmaller ? BigInt(bytes.length) : NOT_COMPRESSED);
  return Buffer.concat([length, isSmaller ? packed : bytes]);
}
