import { Failure, NoSample } from "../../errors.ts";
import { xxh32 } from "../codecs/xxh32.ts";

/** The longest frame header, in bytes. */
export const MAX_HEADER_BYTES = 19;
/** Bytes in a block of a legacy frame, at most. */
export const LEGACY_BLOCK_BYTES = 8 * 1024 * 1024;

/** The header of a frame. */
export interface Lz4Frame {
  readonly headerBytes: number;
  /** Bytes that a block holds at most. */
  readonly blockBytes: number;
  readonly isLinked: boolean;
  readonly hasBlockChecksums: boolean;
  readonly hasChecksum: boolean;
}

/** A block's length, without what surrounds it. */
export interface Lz4Block {
  readonly bytes: number;
  readonly isStored: boolean;
}

/** `frame` or `legacy` where one begins, else undefined. */
export function frameKind(bytes: Uint8Array, at = 0): "frame" | "legacy" | undefined {
  if (bytes.length - at < 4) return undefined;
  const magic = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
  return magic === 0x184d2204 ? "frame" : magic === 0x184c2102 ? "legacy" : undefined;
}

/**
 * Reads the header of the frame that starts here (LZ4 Frame Format 1.6).
 * @throws Failure FORMAT_INVALID where it is cut off or wrong; NoSample where a dictionary is needed.
 */
export function parseFrame(bytes: Uint8Array): Lz4Frame {
  const [flags = 0, sizes = 0] = bytes.subarray(4);
  const hasDictionary = (flags & 1) === 1;
  const headerBytes = 7 + ((flags & 8) === 0 ? 0 : 8) + (hasDictionary ? 4 : 0);
  if (bytes.length < headerBytes) throw new Failure("FORMAT_INVALID", "unexpected end of file");

  const hash = xxh32();
  hash.add(bytes.subarray(4, headerBytes - 1));
  const isRight = ((hash.digest() >> 8) & 0xff) === bytes[headerBytes - 1];
  const blockSize = (sizes >> 4) & 7;
  if (!isRight || flags >> 6 !== 1 || blockSize < 4) {
    throw new Failure("FORMAT_INVALID", "an invalid frame header");
  }
  if (hasDictionary) throw new NoSample("needs a dictionary");
  return {
    headerBytes,
    blockBytes: 256 << (2 * blockSize),
    isLinked: (flags & 0x20) === 0,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasChecksum: (flags & 4) !== 0,
  };
}

/**
 * Reads the length before a block; undefined for the mark at the frame's end.
 * @throws Failure FORMAT_INVALID where a block is cut off or longer than the frame allows.
 */
export function parseBlock(bytes: Uint8Array, frame: Lz4Frame): Lz4Block | undefined {
  const header = readUint32(bytes);
  if (header === 0) return undefined;
  const length = header % 2 ** 31;
  if (length > frame.blockBytes) throw new Failure("FORMAT_INVALID", "an invalid block");
  return { bytes: length, isStored: header >= 2 ** 31 };
}

/** @throws Failure FORMAT_INVALID where the bytes end before. */
export function readUint32(bytes: Uint8Array): number {
  if (bytes.length < 4) throw new Failure("FORMAT_INVALID", "unexpected end of file");
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** The most that a compressed block of a legacy frame takes (`LZ4_compressBound`). */
export const MAX_LEGACY_BYTES = LEGACY_BLOCK_BYTES + Math.floor(LEGACY_BLOCK_BYTES / 255) + 16;
