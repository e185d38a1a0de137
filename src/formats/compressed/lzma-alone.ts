import { buffer } from "node:stream/consumers";
import { Failure } from "../../errors.ts";
import { breathe } from "../../lib/breathe.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { native } from "../codecs/native.ts";
import type { SampleRequest } from "../types.ts";
import { type Compression, LARGE_WINDOW_BYTES, MAX_WINDOW_BYTES } from "./compression.ts";
import { lzmaDecoder } from "./lzma.ts";
import { lzmaWindow } from "./lzma-window.ts";

const HEADER_BYTES = 13;
/** First bytes of the range coder, of which the very first is 0. */
const CODER_BYTES = 5;
/** The properties that every program writes that is not told otherwise: lc 3, lp 0, pb 2. */
const USUAL_PROPERTIES = 0x5d;
/** Windows and sizes of files that are credible, as in xz. */
const MIN_WINDOW_BYTES = 4096;
const CREDIBLE_BYTES = 2 ** 38;
/** Bytes of input looked at at once, and of output made of them. */
const STEP_BYTES = 64 * 1024;
/** Bytes of a symbol's output at most. */
const MATCH_BYTES = 273;
const START_BYTES = 512;

/** The header of a file (`lzma-file-format.txt` of xz). */
interface Header {
  readonly properties: number;
  /** Bytes that may be referred back to. */
  readonly windowBytes: number;
  /** Bytes of its content; Infinity where a mark stands at its end. */
  readonly size: number;
}

/** LZMA alone (`.lzma`), as LZMA Utils and the LZMA SDK write it. It has no checksum. */
export const lzma: Compression = {
  name: "lzma",
  extensions: [".lzma"],
  tarExtensions: [".tar.lzma", ".tlz"],
  matches,
  start,
  decompress: (chunks, alone) => decodeWith(chunks, (reader) => decoded(reader, alone)),
  compress,
};

/** There is no signature: a header that has the usual values, and the byte 0 after it. */
function matches(head: Uint8Array): boolean {
  if (head.length <= HEADER_BYTES || head[0] !== USUAL_PROPERTIES || head[HEADER_BYTES] !== 0) {
    return false;
  }
  const { windowBytes, size } = parseHeader(head);
  const isPower =
    Number.isInteger(Math.log2(windowBytes)) || Number.isInteger(Math.log2(windowBytes / 3));
  return windowBytes >= MIN_WINDOW_BYTES && isPower && (size < CREDIBLE_BYTES || size === Infinity);
}

/** @throws Failure FORMAT_INVALID where it is cut off */
function parseHeader(head: Uint8Array): Header {
  if (head.length < HEADER_BYTES) throw new Failure("FORMAT_INVALID", "unexpected end of file");
  const bytes = Buffer.from(head.buffer, head.byteOffset, HEADER_BYTES);
  const size = bytes.readBigUInt64LE(5);
  return {
    properties: bytes.readUInt8(0),
    windowBytes: bytes.readUInt32LE(1),
    size: size === 0xffff_ffff_ffff_ffffn ? Infinity : Number(size),
  };
}

async function* decoded(
  reader: ByteReader,
  alone: SampleRequest["alone"],
): AsyncGenerator<Uint8Array, void, void> {
  const header = parseHeader(await reader.peek(HEADER_BYTES));
  if (header.windowBytes > MAX_WINDOW_BYTES) {
    throw new Failure("LIMIT_EXCEEDED", `needs a window of ${header.windowBytes} bytes`);
  }
  if (Math.min(header.windowBytes, header.size) > LARGE_WINDOW_BYTES) await alone?.();
  await reader.skip(HEADER_BYTES);
  const steps = stepsOf(header, await reader.take(CODER_BYTES));
  for (let isOver = false; !isOver;) {
    const input = await reader.peek(STEP_BYTES);
    const step = steps(input, input.length < STEP_BYTES);
    if (step.output.length > 0) yield step.output;
    if (step.damage !== undefined) throw step.damage;
    await reader.skip(step.taken);
    isOver = step.isOver;
    await breathe();
  }
}

/** A step of decoding: its output, in memory of its own, and the damage that ends it. */
interface Step {
  readonly output: Uint8Array;
  readonly taken: number;
  readonly isOver: boolean;
  readonly damage?: unknown;
}

/**
 * Returns a function that decodes as much as is made of some input, 64 KiB and a match at most.
 * @throws Failure FORMAT_INVALID for properties or first bytes that are none
 */
function stepsOf(
  { properties, windowBytes, size }: Header,
  first: Uint8Array,
): (input: Uint8Array, isLast: boolean) => Step {
  const window = lzmaWindow(Math.max(windowBytes, MIN_WINDOW_BYTES));
  const decoder = lzmaDecoder(window);
  decoder.setProperties(properties);
  decoder.begin(first);
  let left = size;
  return (input, isLast) => {
    window.reserve(STEP_BYTES + MATCH_BYTES);
    const start = window.end();
    const output = () => Buffer.from(window.bytes().subarray(start, window.end()));
    // After content of a known size nothing has to follow; a mark may.
    if (left === 0 && decoder.end().isWhole) return { output: output(), taken: 0, isOver: true };
    try {
      const enough = Math.max(1, Math.min(STEP_BYTES, left));
      const { taken, isMarked } = decoder.goOn(input, { enough, most: left, isLast });
      left -= window.end() - start;
      if (left > 0 && !isMarked) return { output: output(), taken, isOver: false };
      const end = decoder.end();
      const isSound = end.isWhole && (left === 0 || size === Infinity);
      if (isMarked && !isSound) throw new Failure("FORMAT_INVALID", "invalid LZMA data");
      return { output: output(), taken: end.taken, isOver: isMarked };
    } catch (damage) {
      return { output: output(), taken: 0, isOver: true, damage };
    }
  };
}

/** Decodes what the first bytes hold, up to 64 KiB. */
function start(head: Uint8Array): Uint8Array | undefined {
  try {
    const { properties, windowBytes, size } = parseHeader(head);
    const body = head.subarray(HEADER_BYTES);
    const header = { properties, windowBytes, size: Math.min(size, START_BYTES) };
    return stepsOf(header, body.subarray(0, CODER_BYTES))(body.subarray(CODER_BYTES), true).output;
  } catch {
    return undefined;
  }
}

/** Compresses all input at once: the sample is small. */
async function* compress(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { compress: pack } = native.lzma();
  yield await pack(await buffer(chunks));
}
