import { errorMessage, Failure, NoSample } from "../../errors.ts";
import type { Part, Source } from "../../lib/source.ts";
import { type Codec, NONE } from "./codecs.ts";
import { invalid, underflow } from "./invalid.ts";

/** Bytes of a stream or chunk that are tried first, as they are stored. */
export const FIRST_BYTES = 8 * 1024;
/** Before a chunk: its length × 2 in 3 bytes, the lowest first, plus 1 where it is not compressed. */
const HEADER_BYTES = 3;

/** The way in which bytes of a file are stored. */
export interface Stored {
  readonly read: NonNullable<Source["slice"]>;
  readonly codec: Codec;
  /** Bytes of a chunk at most, decompressed. */
  readonly blockBytes: number;
}

/** A stream of a column, or the footer of a stripe or of the file. */
export interface OrcStream {
  /**
   * Decodes as much as `decode` needs: it is called with a longer part each time that it throws
   * `underflow`.
   * @throws Failure FORMAT_INVALID where that is more than there is; what `decode` and reading throw.
   */
  decode<T>(decode: (bytes: Buffer) => T): Promise<T>;
  /** All bytes. @throws Failure LIMIT_EXCEEDED where these are more than `most` */
  all(most: number): Promise<Buffer>;
}

/** Bytes of a stream that are decoded: a whole chunk, or the beginning of one. */
interface Piece {
  readonly piece: Uint8Array;
  readonly isWhole: boolean;
}

/** Opens a stream. Nothing is read before it is asked for. */
export function openStream({ read, codec, blockBytes }: Stored, { start, end }: Part): OrcStream {
  /** The bytes that are decoded: chunks as a whole, and with a part of the next one. */
  let whole: Buffer = Buffer.alloc(0);
  let bytes = whole;
  let at = start;
  let tried = 0;
  const next = codec === NONE ? nextPlain : nextOfChunk;

  return {
    async decode(decode) {
      for (;;) {
        try {
          return decode(bytes);
        } catch (error) {
          if (error !== underflow) throw error;
        }
        if (at >= end) throw invalid("a stream ends before its rows");
        // Chunks may be small, and each try starts from the beginning.
        await more(2 * bytes.length);
      }
    },
    async all(most) {
      for (;;) {
        if (bytes.length > most)
          throw new Failure("LIMIT_EXCEEDED", `needs more than ${most} bytes of metadata`);
        if (at >= end) return bytes;
        await more(2 * bytes.length);
      }
    },
  };

  async function more(wanted: number): Promise<void> {
    const pieces: Uint8Array[] = [whole];
    let length = whole.length;
    for (;;) {
      const { piece, isWhole } = await next(length);
      if (isWhole) {
        pieces.push(piece);
        length += piece.length;
      }
      if (at < end && length + (isWhole ? 0 : piece.length) < wanted) continue;
      whole = Buffer.concat(pieces);
      bytes = isWhole ? whole : Buffer.concat([whole, piece]);
      return;
    }
  }

  async function nextPlain(length: number): Promise<Piece> {
    const piece = await exactly(at, Math.min(end - at, Math.max(FIRST_BYTES, length)));
    at += piece.length;
    return { piece, isWhole: true };
  }

  /** The chunk at `at`, or a longer part of it than before. */
  async function nextOfChunk(): Promise<Piece> {
    const header = Buffer.from(await exactly(at, HEADER_BYTES)).readUIntLE(0, HEADER_BYTES);
    const length = header >> 1;
    const [from, to] = [at + HEADER_BYTES, at + HEADER_BYTES + length];
    if (to > end) throw invalid("a chunk is longer than its stream");
    tried = Math.min(length, tried === 0 ? FIRST_BYTES : tried * 4);
    const isWhole = tried === length;
    const input = await exactly(from, tried);
    const room = isWhole ? blockBytes + 1 : Math.min(blockBytes, tried * 8);
    const piece = header % 2 === 1 ? input : await unpacked(input, room);
    if (piece.length > blockBytes) throw invalid("a chunk holds more than a block");
    if (isWhole) [at, tried] = [to, 0];
    return { piece, isWhole };
  }

  async function unpacked(input: Uint8Array, room: number): Promise<Uint8Array> {
    if (codec.chunks === undefined) throw new NoSample(`compressed with ${codec.name}`);
    if (input.length === 0) return input;
    try {
      return (await codec.chunks.prefix(input, room)).subarray(0, room);
    } catch (error) {
      throw invalid(`a chunk cannot be decompressed: ${errorMessage(error)}`);
    }
  }

  async function exactly(from: number, length: number): Promise<Uint8Array> {
    const found = await read(from, from + length);
    if (found.length < length) throw invalid("it is cut off");
    return found;
  }
}

/** Bytes as the streams of a file are stored: in chunks, each compressed where that makes it smaller. */
export function packed(bytes: Buffer, { codec, blockBytes }: Omit<Stored, "read">): Buffer {
  if (codec === NONE) return bytes;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const plain = bytes.subarray(at, at + blockBytes);
    const found = codec.chunks?.pack(plain) ?? plain;
    const isSmaller = found.length < plain.length;
    const data = isSmaller ? found : plain;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUIntLE(data.length * 2 + (isSmaller ? 0 : 1), 0, HEADER_BYTES);
    parts.push(header, data);
  }
  return Buffer.concat(parts);
}
