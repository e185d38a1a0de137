import { Failure } from "../../errors.ts";
import { lzmaDecoder } from "./lzma.ts";
import { lzmaWindow } from "./lzma-window.ts";

/** The longest chunk header, in bytes. */
export const MAX_CHUNK_HEADER_BYTES = 6;
const DICTIONARY_RESET = 1;
const STORED = 2;
const FIRST_COMPRESSED = 0x80;

/** The header of a chunk. */
export interface Lzma2Chunk {
  readonly control: number;
  readonly headerBytes: number;
  /** Bytes after the header. */
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** Decodes chunk after chunk. */
export interface Lzma2Decoder {
  /**
   * Decodes a chunk, which may be cut short. Returns its content, in memory that the next chunk
   * overwrites, and the damage that ends it.
   */
  decode(chunk: Lzma2Chunk, bytes: Uint8Array): { output: Uint8Array; damage?: unknown };
}

/**
 * Reads a chunk's header (as `lzma2_decoder.c` of xz 5 does); undefined for the mark at the end.
 * @throws Failure FORMAT_INVALID where it is cut off or cannot be one.
 */
export function parseChunk(bytes: Uint8Array): Lzma2Chunk | undefined {
  const control = bytes[0];
  if (control === 0) return undefined;
  const isCompressed = control !== undefined && control >= FIRST_COMPRESSED;
  const headerBytes = !isCompressed ? 3 : control >= 0xc0 ? 6 : 5;
  if (control === undefined || bytes.length < headerBytes) {
    throw new Failure("FORMAT_INVALID", "unexpected end of file");
  }
  if (!isCompressed && control > STORED) throw invalid();
  const size = 1 + (((bytes[1] as number) << 8) | (bytes[2] as number));
  if (!isCompressed) return { control, headerBytes, bytes: size, unpackedBytes: size };
  const packed = 1 + (((bytes[3] as number) << 8) | (bytes[4] as number));
  return { control, headerBytes, bytes: packed, unpackedBytes: size + ((control & 0x1f) << 16) };
}

/** A decoder for one xz block; referring back by up to `windowBytes`. */
export function lzma2Decoder(windowBytes: number): Lzma2Decoder {
  const window = lzmaWindow(windowBytes);
  const lzma = lzmaDecoder(window);
  let needsDictionaryReset = true;
  let needsProperties = true;
  return { decode };

  function decode(chunk: Lzma2Chunk, bytes: Uint8Array): { output: Uint8Array; damage?: unknown } {
    window.reserve(chunk.unpackedBytes);
    const start = window.end();
    try {
      prepare(chunk.control);
      if (chunk.control < FIRST_COMPRESSED) copy(bytes.subarray(chunk.headerBytes));
      else decompress(chunk, bytes);
    } catch (damage) {
      return { output: window.bytes().subarray(start, window.end()), damage };
    }
    return { output: window.bytes().subarray(start, window.end()) };
  }

  function prepare(control: number): void {
    if (control === DICTIONARY_RESET || control >= 0xe0) {
      window.reset();
      needsDictionaryReset = false;
      needsProperties = true;
    }
    if (needsDictionaryReset) throw invalid();
  }

  function decompress({ control, headerBytes, unpackedBytes }: Lzma2Chunk, bytes: Uint8Array) {
    if (control >= 0xc0) {
      lzma.setProperties(bytes[headerBytes - 1] as number);
      needsProperties = false;
    } else if (needsProperties) throw invalid();
    else if (control >= 0xa0) lzma.reset();
    lzma.decode(bytes.subarray(headerBytes), unpackedBytes);
  }

  function copy(bytes: Uint8Array): void {
    window.bytes().set(bytes, window.end());
    window.advance(window.end() + bytes.length);
  }
}

function invalid(): Failure {
  return new Failure("FORMAT_INVALID", "invalid LZMA2 data");
}
