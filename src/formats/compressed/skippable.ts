import type { ByteReader } from "../../lib/byte-reader.ts";

const SKIPPABLE_HEADER_BYTES = 8;

/**
 * Bytes of the skippable frame that starts here (shared by RFC 8878 and LZ4); 0 where none starts.
 */
export function skippableBytes(bytes: Uint8Array, at = 0): number {
  if (bytes.length - at < SKIPPABLE_HEADER_BYTES) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const isSkippable = (view.getUint32(0, true) & 0xfffffff0) >>> 0 === 0x184d2a50;
  return isSkippable ? SKIPPABLE_HEADER_BYTES + view.getUint32(4, true) : 0;
}

/** Offset of the first frame that is not skippable; it may lie beyond the end. */
export function firstFrame(head: Uint8Array): number {
  let at = 0;
  for (let bytes = skippableBytes(head); bytes > 0; bytes = skippableBytes(head, at)) at += bytes;
  return at;
}

/**
 * Goes past skippable frames.
 * @returns how many.
 * @throws Failure FORMAT_INVALID where one is cut off, LIMIT_EXCEEDED where there are too many.
 */
export async function skipFrames(reader: ByteReader): Promise<number> {
  for (let frames = 0; ; frames += 1) {
    const bytes = skippableBytes(await reader.peek(SKIPPABLE_HEADER_BYTES));
    if (bytes === 0) return frames;
    reader.countPart();
    await reader.skip(bytes);
  }
}
