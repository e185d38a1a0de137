const LF = 0x0a;
const NOTHING = new Uint8Array();

/**
 * Some whole lines, each with its line feed; or one line that was too long to be kept; or NULs, too
 * many to be kept, before a line that follows.
 */
export interface LineBlock {
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset after the last byte. */
  readonly end: number;
  /** The lines; undefined for a line that was too long, and for NULs. */
  readonly bytes: Uint8Array | undefined;
  /**
   * True for NULs: the hole that a truncation leaves when the producer goes on at its old offset.
   */
  readonly isHole: boolean;
}

/**
 * Cuts chunks into blocks of whole lines, from offset `start` on. Anything after the last line feed
 * is left out. A line longer than `maxBytes` is passed over without being held, and so are NULs
 * before one. Chunks must not be longer than `maxBytes` themselves.
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
  let nuls = 0;
  for await (let chunk of chunks) {
    if (nuls > 0 || (!tooLong && heldBytes + chunk.length > maxBytes)) {
      const parts = [...held, chunk];
      const dropped = dropNuls(parts);
      nuls += dropped;
      chunk = parts.pop() ?? NOTHING;
      held = parts;
      heldBytes = Math.max(0, heldBytes - dropped);
      if (chunk.length === 0) continue;
      if (nuls > 0) yield { start: at, end: at + nuls, bytes: undefined, isHole: true };
      at += nuls;
      nuls = 0;
    }
    if (tooLong || heldBytes + chunk.length > maxBytes) {
      const feed = chunk.indexOf(LF);
      const length = feed < 0 ? chunk.length : feed + 1;
      if (tooLong || heldBytes + length - 1 > maxBytes) {
        tooLong = feed < 0;
        heldBytes += length;
        held = [];
        chunk = chunk.subarray(length);
        if (tooLong) continue;
        yield { start: at, end: at + heldBytes, bytes: undefined, isHole: false };
        at += heldBytes;
        heldBytes = 0;
      }
    }
    const last = chunk.lastIndexOf(LF);
    if (last >= 0) {
      const bytes = Buffer.concat([...held, chunk.subarray(0, last + 1)]);
      yield { start: at, end: at + bytes.length, bytes, isHole: false };
      at += bytes.length;
      held = [];
      heldBytes = 0;
    }
    const rest = chunk.subarray(last + 1);
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
}

/**
 * Removes the NULs that parts begin with, and parts that hold nothing else; returns their number.
 */
function dropNuls(parts: Uint8Array[]): number {
  let dropped = 0;
  for (let part = parts[0]; part !== undefined; part = parts[0]) {
    const end = part.findIndex((byte) => byte !== 0);
    dropped += end < 0 ? part.length : end;
    if (end >= 0) {
      parts[0] = part.subarray(end);
      break;
    }
    parts.shift();
  }
  return dropped;
}
