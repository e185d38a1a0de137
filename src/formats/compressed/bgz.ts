import { crc32, deflateRawSync } from "node:zlib";
import { slicesOf } from "../../lib/blocks.ts";
import { hasBytes } from "../../lib/signature.ts";
import { QUICK, zlibOnce } from "../../lib/zlib-once.ts";

/** A gzip header with flags for an extra field. */
const MEMBER = [0x1f, 0x8b, 0x08, 0x04];
/** Place of the extra fields' length, which precedes them. */
const EXTRA_AT = 10;
/** The field `BC`, which has the size of the block less one in 2 bytes. */
const BC = [0x42, 0x43, 2, 0];
const HEADER_BYTES = 18;
const TRAILER_BYTES = 8;
/** Content of a block, as bgzip has it: even stored it fits into the 64 KiB of a block. */
const BLOCK_BYTES = 0xff00;
/** The most that a block can have between its header and trailer. */
const MOST_PACKED_BYTES = 0x10000 - HEADER_BYTES - TRAILER_BYTES;
/** The empty block that shows that nothing was cut off. */
const END = Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex");

/**
 * True for BGZF (SAM specification, 4.1): gzip in blocks that have their own size, so that an index
 * can lead to them.
 */
export function isBgzf(head: Uint8Array): boolean {
  if (!hasBytes(head, MEMBER)) return false;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (bytes.length < HEADER_BYTES) return false;
  const end = Math.min(EXTRA_AT + 2 + bytes.readUInt16LE(EXTRA_AT), bytes.length);
  for (let at = EXTRA_AT + 2; at + 4 <= end; at += 4 + bytes.readUInt16LE(at + 2)) {
    if (hasBytes(head, BC, at)) return true;
  }
  return false;
}

/** Compresses into blocks, and ends with an empty one. Equal input gives equal output. */
export async function* writeBgzf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const content of slicesOf(chunks, BLOCK_BYTES)) yield blockOf(content);
  yield END;
}

function blockOf(content: Uint8Array): Buffer {
  const quick = zlibOnce(deflateRawSync, content, QUICK).made;
  const isSmall = quick.length <= MOST_PACKED_BYTES;
  const packed = isSmall ? quick : zlibOnce(deflateRawSync, content, { level: 0 }).made;
  const header = Buffer.alloc(HEADER_BYTES);
  header.set(MEMBER, 0);
  header.writeUInt8(0xff, 9);
  header.writeUInt16LE(BC.length + 2, EXTRA_AT);
  header.set(BC, EXTRA_AT + 2);
  header.writeUInt16LE(HEADER_BYTES + packed.length + TRAILER_BYTES - 1, 16);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, packed, trailer]);
}
