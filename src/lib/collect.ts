/** Bytes of a sample's content that are held at most: a record may be large. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Takes what comes, up to a bound, and then no more. */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
  const pieces: Uint8Array[] = [];
  let room = MAX_BYTES;
  for await (const chunk of chunks) {
    pieces.push(chunk.subarray(0, room));
    room -= chunk.length;
    if (room < 0) break;
  }
  return { bytes: Buffer.concat(pieces), isCut: room < 0 };
}
