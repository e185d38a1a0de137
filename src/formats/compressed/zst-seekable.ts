import { constants, zstdCompressSync } from "node:zlib";
import { slicesOf } from "../../lib/blocks.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";

/** The last bytes of the table, and of the file: how many frames, flags, and this number. */
const FOOTER_BYTES = 9;
const FOOTER_MAGIC = [0xb1, 0xea, 0x92, 0x8f];
/** The skippable frame that the table is in. */
const TABLE_MAGIC = 0x184d_2a5e;
const ENTRY_BYTES = 8;
/** Content of a frame. */
const FRAME_BYTES = 256 * 1024;

/**
 * True for seekable zstd (zstd's `seekable_format/zstd_seekable_compression_format.md`, 0.1.0):
 * independent frames, and a table of them at the end, which only random access shows.
 */
export async function isSeekableZst({ slice, size }: Source): Promise<boolean> {
  if (slice === undefined || size === undefined) return false;
  const footer = await slice(Math.max(0, size - FOOTER_BYTES), size);
  return footer.length === FOOTER_BYTES && hasBytes(footer, FOOTER_MAGIC, 5);
}

/** Compresses into frames of 256 KiB, and ends with their table. */
export async function* writeSeekableZst(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const entries: Buffer[] = [];
  for await (const content of slicesOf(chunks, FRAME_BYTES)) {
    const frame = zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.writeUInt32LE(frame.length, 0);
    entry.writeUInt32LE(content.length, 4);
    entries.push(entry);
    yield frame;
  }
  const header = Buffer.alloc(8);
  header.writeUInt32LE(TABLE_MAGIC, 0);
  header.writeUInt32LE(entries.length * ENTRY_BYTES + FOOTER_BYTES, 4);
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt32LE(entries.length, 0);
  footer.set(FOOTER_MAGIC, 5);
  yield Buffer.concat([header, ...entries, footer]);
}
