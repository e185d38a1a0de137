const LF = 0x0a;

/** Some whole lines, each with its line feed; or one line that was too long to be kept. */
export interface LineBlock {
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset after the last byte. */
  readonly end: number;
  /** The lines, or undefined for one that was too long. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * Cuts chunks into blocks of whole lines, from offset `start` on. What follows the last line feed
 * is left out; a line longer than `maxBytes` is passed over without being held. Chunks are not to be
 * longer than `maxBytes` themselves.
 */
export async function* lineBlocks(
  chunks: AsyncIterable<Uint8Array>,
  start: number,
  maxBytes: number,
): AsyncGenerator<LineBlock, void, void> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let tooLong = false;
  let at = start;
  for await (let chunk of chunks) {
    if (tooLong || heldBytes + chunk.length > maxBytes) {
      const feed = chunk.indexOf(LF);
      const length = feed < 0 ? chunk.length : feed + 1;
      if (tooLong || heldBytes + length - 1 > maxBytes) {
        tooLong = feed < 0;
        heldBytes += length;
        held = [];
        chunk = chunk.subarray(length);
        if (tooLong) continue;
        yield { start: at, end: at + heldBytes, bytes: undefined };
        at += heldBytes;
        heldBytes = 0;
      }
    }
    const last = chunk.lastIndexOf(LF);
    if (last >= 0) {
      const bytes = Buffer.concat([...held, chunk.subarray(0, last + 1)]);
      yield { start: at, end: at + bytes.length, bytes };
      at += bytes.length;
      held = [];
      heldBytes = 0;
    }
    const rest = chunk.subarray(last + 1);
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
}
