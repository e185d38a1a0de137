import { Failure } from "../../errors.ts";
import { breathe } from "../../lib/breathe.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import { growing } from "../../lib/growing.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Compression } from "./compression.ts";
import { FIRST_BITS, type LzwDecoder, lzwDecoder } from "./lzw.ts";
import { lzwPacker } from "./lzw-write.ts";

const MAGIC = [0x1f, 0x9d];
const HEADER_BYTES = 3;
const BLOCK_MODE = 0x80;
const BITS = 0x1f;
/** Flags that no version has. */
const RESERVED = 0x60;
const MAX_BITS = 16;
/** Bytes of input that are looked at at once, and of output before it is passed on. */
const STEP_BYTES = 16 * 1024;

/** Compress (`.Z`), as Unix had it before gzip. It has no checksum and no mark for its end. */
export const z: Compression = {
  name: "Z",
  extensions: [".z"],
  tarExtensions: [".tar.z", ".taz"],
  matches: (head) => hasBytes(head, MAGIC),
  start,
  decompress: (chunks) => decodeWith(chunks, decoded),
  compress,
};

/** @throws Failure FORMAT_INVALID for a header that is none */
function decoderFor(header: Uint8Array): LzwDecoder {
  const flags = header[2] ?? 0;
  const maxBits = flags & BITS;
  const isKnown = maxBits >= FIRST_BITS && maxBits <= MAX_BITS && (flags & RESERVED) === 0;
  if (hasBytes(header, MAGIC) && isKnown) return lzwDecoder(maxBits, (flags & BLOCK_MODE) !== 0);
  throw new Failure("FORMAT_INVALID", "not a header of compress");
}

async function* decoded(reader: ByteReader): AsyncGenerator<Uint8Array, void, void> {
  const decoder = decoderFor(await reader.take(HEADER_BYTES));
  for (;;) {
    const input = await reader.peek(STEP_BYTES);
    if (input.length === 0) return;
    const { output, taken, damage } = decodeGroups(decoder, input, input.length < STEP_BYTES);
    if (output.length > 0) yield output;
    if (damage !== undefined) throw damage;
    await reader.skip(taken);
    await breathe();
  }
}

/** Groups that were decoded, and the damage that ends them. */
interface Groups {
  readonly output: Uint8Array;
  /** Bytes of input. */
  readonly taken: number;
  readonly damage?: unknown;
}

/** Decodes groups until there is enough output; one that is cut short only in the last input. */
function decodeGroups(decoder: LzwDecoder, input: Uint8Array, isLast: boolean): Groups {
  const output = growing();
  let at = 0;
  try {
    while (at < input.length && output.length() < STEP_BYTES) {
      const end = at + decoder.groupBytes();
      if (end > input.length && !isLast) break;
      decoder.decode(input.subarray(at, end), output);
      at = Math.min(end, input.length);
    }
    return { output: output.bytes(), taken: at };
  } catch (damage) {
    return { output: output.bytes(), taken: at, damage };
  }
}

/** Decodes the first bytes. */
function start(head: Uint8Array): Uint8Array | undefined {
  try {
    return decodeGroups(decoderFor(head), head.subarray(HEADER_BYTES), false).output;
  } catch {
    return undefined;
  }
}

async function* compress(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield Uint8Array.from([...MAGIC, BLOCK_MODE | MAX_BITS]);
  const packer = lzwPacker(MAX_BITS);
  for await (const chunk of chunks) yield packer.add(chunk);
  yield packer.end();
}
