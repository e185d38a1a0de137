import { crc32 } from "node:zlib";
import { Failure, NoSample } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import { MAX_WINDOW_BYTES } from "./compression.ts";

/** Bytes of a stream's header, and of its footer. */
export const STREAM_HEADER_BYTES = 12;
/** Bytes that a number takes at most. */
export const MAX_NUMBER_BYTES = 9;
/** Filters of a block: the last one is the compression. */
const LZMA2 = 0x21;
const DELTA = 0x03;

/** The header of a block. */
export interface XzBlock {
  readonly headerBytes: number;
  readonly windowBytes: number;
  /** Bytes of its data, stored and unpacked, where it says so. */
  readonly storedBytes: number | undefined;
  readonly unpackedBytes: number | undefined;
  /** Distances of its delta filters, in the order in which they are undone. */
  readonly deltas: readonly number[];
}

/** True where an xz stream begins. */
export function isStream(bytes: Uint8Array): boolean {
  return hasBytes(bytes, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
}

/**
 * Reads a stream's header (The .xz File Format 1.2.1, 2.1.1); returns the kind of its checks.
 * @throws Failure FORMAT_INVALID where it is cut off or wrong.
 */
export function parseStream(bytes: Uint8Array): number {
  if (bytes.length < STREAM_HEADER_BYTES) throw cutOff();
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, STREAM_HEADER_BYTES);
  const isRight = isStream(head) && crc32(head.subarray(6, 8)) === head.readUInt32LE(8);
  const kind = head[7] as number;
  if (!isRight || head[6] !== 0 || kind > 15) throw invalid();
  return kind;
}

/** Bytes of a block's header, from its first byte; 0 where an index follows instead. */
export function blockHeaderBytes(first: number): number {
  return first === 0 ? 0 : (first + 1) * 4;
}

/**
 * Reads a block's header (3.1).
 * @throws Failure FORMAT_INVALID where it is cut off or wrong, LIMIT_EXCEEDED where decoding takes
 * more than 128 MiB; NoSample for filters meant for programs.
 */
export function parseBlock(bytes: Uint8Array): XzBlock {
  const headerBytes = blockHeaderBytes(bytes[0] ?? 0);
  if (bytes.length < headerBytes) throw cutOff();
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, headerBytes);
  const body = head.subarray(0, -4);
  const flags = head[1] as number;
  if (crc32(body) !== head.readUInt32LE(body.length) || (flags & 0x3c) !== 0) throw invalid();
  let at = 2;
  const sizes = [0x40, 0x80].map((flag) => {
    if ((flags & flag) === 0) return undefined;
    const { value, end } = parseNumber(body, at);
    at = end;
    return value;
  });
  const deltas: number[] = [];
  for (let left = flags & 3; left > 0; left -= 1) {
    const filter = parseFilter(body, at);
    if (filter.id !== DELTA) throw new NoSample(`an xz filter that is not for data (${filter.id})`);
    deltas.unshift(filter.property + 1);
    at = filter.end;
  }
  const last = parseFilter(body, at);
  if (last.id !== LZMA2) throw new NoSample(`an unknown xz filter (${last.id})`);
  if (body.subarray(last.end).some((byte) => byte !== 0)) throw invalid();
  const [storedBytes, unpackedBytes] = sizes;
  return { headerBytes, windowBytes: windowOf(last.property), storedBytes, unpackedBytes, deltas };
}

/**
 * Checks a stream's footer (2.1.2) against its header and its index.
 * @throws Failure FORMAT_INVALID
 */
export function checkFooter(bytes: Uint8Array, checkKind: number, indexBytes: number): void {
  const foot = Buffer.from(bytes.buffer, bytes.byteOffset, STREAM_HEADER_BYTES);
  const isRight =
    crc32(foot.subarray(4, 10)) === foot.readUInt32LE(0) &&
    (foot.readUInt32LE(4) + 1) * 4 === indexBytes &&
    foot[8] === 0 &&
    foot[9] === checkKind &&
    foot.toString("latin1", 10) === "YZ";
  if (!isRight) throw new Failure("FORMAT_INVALID", "an invalid footer");
}

/**
 * Reads a number of 7 bits a byte, the lowest first (1.2).
 * @throws Failure FORMAT_INVALID where it is cut off or longer than a number can be.
 */
export function parseNumber(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < MAX_NUMBER_BYTES; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) throw cutOff();
    value += (byte & 0x7f) * 2 ** (7 * i);
    // The last byte is not 0: a number has one spelling.
    if (byte === 0 && i > 0) throw invalid();
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw invalid();
}

interface Filter {
  readonly id: number;
  readonly property: number;
  readonly end: number;
}

function parseFilter(bytes: Uint8Array, at: number): Filter {
  const id = parseNumber(bytes, at);
  const size = parseNumber(bytes, id.end);
  const isOurs = id.value === DELTA || id.value === LZMA2;
  if (isOurs && size.value !== 1) throw invalid();
  return { id: id.value, property: bytes[size.end] ?? 0, end: size.end + size.value };
}

function windowOf(property: number): number {
  if (property > 40) throw invalid();
  const bytes = (2 | (property & 1)) * 2 ** (Math.floor(property / 2) + 11);
  if (bytes <= MAX_WINDOW_BYTES) return bytes;
  throw new Failure("LIMIT_EXCEEDED", `needs a dictionary of ${bytes} bytes`);
}

function cutOff(): Failure {
  return new Failure("FORMAT_INVALID", "unexpected end of file");
}

function invalid(): Failure {
  return new Failure("FORMAT_INVALID", "an invalid header");
}
