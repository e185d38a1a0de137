import type { ByteReader } from "../../lib/byte-reader.ts";

/** Bytes of a piece: with longer ones, a reader that has enough would hold more than it used. */
export const PIECE_BYTES = 8 * 1024;

/** Yields the next bytes in pieces of 8 KiB; fewer than asked for where the stream ends before. */
export async function* piecesOf(
  reader: ByteReader,
  bytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  for (let rest = bytes; rest > 0;) {
    const piece = await reader.peek(Math.min(rest, PIECE_BYTES));
    if (piece.length === 0) return;
    await reader.skip(piece.length);
    rest -= piece.length;
    yield piece;
  }
}

/** All chunks in one piece. */
export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}
