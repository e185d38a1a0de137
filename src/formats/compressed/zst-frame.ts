import { Failure, NoSample } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import { MAX_WINDOW_BYTES } from "./compression.ts";

/** The longest frame header, in bytes. */
export const MAX_HEADER_BYTES = 18;
export const BLOCK_HEADER_BYTES = 3;
export const CHECKSUM_BYTES = 4;
const MAX_BLOCK_BYTES = 128 * 1024;

/** The facts of a frame that lead to its end. */
export interface ZstFrame {
  readonly headerBytes: number;
  /** Bytes that its content may refer back to. */
  readonly windowBytes: number;
  readonly hasChecksum: boolean;
}

/** The facts of a block that lead to the next one. */
export interface ZstBlock {
  /** Header included. */
  readonly bytes: number;
  readonly isLast: boolean;
}

/** True where a zstd frame begins. */
export function isFrame(bytes: Uint8Array, at = 0): boolean {
  return hasBytes(bytes, [0x28, 0xb5, 0x2f, 0xfd], at);
}

/**
 * Reads the header of the frame that starts here (RFC 8878, 3.1.1.1).
 * @throws Failure FORMAT_INVALID where it is cut off, LIMIT_EXCEEDED where decoding takes more than
 * 128 MiB; NoSample where a dictionary is needed.
 */
export function parseFrame(bytes: Uint8Array): ZstFrame {
  const descriptor = bytes[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const dictionaryAt = isSingleSegment ? 5 : 6;
  const sizeAt = dictionaryAt + dictionaryBytes;
  const headerBytes = sizeAt + sizeBytes;
  if (bytes.length < headerBytes) throw new Failure("FORMAT_INVALID", "unexpected end of file");

  const head = Buffer.from(bytes.buffer, bytes.byteOffset, headerBytes);
  if (dictionaryBytes > 0 && head.readUIntLE(dictionaryAt, dictionaryBytes) !== 0) {
    throw new NoSample("needs a dictionary");
  }
  const size = sizeBytes === 0 ? Infinity : sizeOf(head, sizeAt, sizeBytes);
  const window = isSingleSegment ? size : windowOf(head[5] as number);
  const windowBytes = Math.min(window, size);
  if (windowBytes > MAX_WINDOW_BYTES) {
    throw new Failure("LIMIT_EXCEEDED", `needs a window of ${window} bytes`);
  }
  return { headerBytes, windowBytes, hasChecksum: (descriptor & 4) !== 0 };
}

/**
 * Reads a block header (RFC 8878, 3.1.1.2).
 * @throws Failure FORMAT_INVALID for what cannot be one.
 */
export function parseBlock(bytes: Uint8Array, at = 0): ZstBlock {
  const [low, middle, high] = bytes.subarray(at, at + BLOCK_HEADER_BYTES);
  if (high === undefined) throw new Failure("FORMAT_INVALID", "unexpected end of file");
  const header = (low as number) | ((middle as number) << 8) | (high << 16);
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type === 3 || size > MAX_BLOCK_BYTES) throw new Failure("FORMAT_INVALID", "an invalid block");
  return { bytes: BLOCK_HEADER_BYTES + (type === 1 ? 1 : size), isLast: (header & 1) === 1 };
}

function sizeOf(head: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(head.readBigUInt64LE(at));
  return head.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
