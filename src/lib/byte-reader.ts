import { Failure } from "../errors.ts";

/** Reads a stream piece by piece, in pieces of the reader's choice. */
export interface ByteReader {
  /** Bytes passed so far. */
  offset(): number;
  /** Returns the next bytes without passing them; fewer where the stream ends. */
  peek(bytes: number): Promise<Uint8Array>;
  /**
   * Returns the next bytes, and passes them.
   * @throws Failure FORMAT_INVALID where the stream ends before.
   */
  take(bytes: number): Promise<Uint8Array>;
  /**
   * Passes bytes without holding them.
   * @throws Failure FORMAT_INVALID where the stream ends before.
   */
  skip(bytes: number): Promise<void>;
  /**
   * Counts the beginning of a stream, frame or block: each takes time, even an empty one.
   * @throws Failure LIMIT_EXCEEDED where there are far more of them than content.
   */
  countPart(): void;
}

/**
 * Parts that may come without content; and bytes of content that each further part must have on
 * average.
 */
const FREE_PARTS = 10_000;
const PART_BYTES = 8;

/**
 * Yields what `decode` makes of a stream, and returns the offset it has come to. The stream is
 * closed however the caller leaves.
 * @throws what `decode` and the stream throw.
 */
export async function* decodeWith(
  chunks: AsyncIterable<Uint8Array>,
  decode: (reader: ByteReader) => AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, number, void> {
  const iterator = chunks[Symbol.asyncIterator]();
  let parts = 0;
  let bytes = 0;
  const reader = { ...byteReader(iterator), countPart };
  try {
    for await (const piece of decode(reader)) {
      bytes += piece.length;
      yield piece;
    }
    return reader.offset();
  } finally {
    await iterator.return?.(undefined);
  }

  function countPart(): void {
    parts += 1;
    if (parts <= FREE_PARTS + bytes / PART_BYTES) return;
    throw new Failure("LIMIT_EXCEEDED", `${parts} parts that hold next to nothing`);
  }
}

function byteReader(
  chunks: AsyncIterator<Uint8Array, unknown, void>,
): Omit<ByteReader, "countPart"> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let ended = false;
  let offset = 0;
  return { offset: () => offset, peek, take, skip };

  async function peek(bytes: number): Promise<Uint8Array> {
    while (heldBytes < bytes && (await more()));
    if (held.length > 1 && (held[0] as Uint8Array).length < bytes) held = [Buffer.concat(held)];
    return (held[0] ?? new Uint8Array()).subarray(0, bytes);
  }

  async function take(bytes: number): Promise<Uint8Array> {
    const taken = await peek(bytes);
    await skip(bytes);
    return taken;
  }

  async function skip(bytes: number): Promise<void> {
    let left = bytes;
    while (left > 0) {
      if (heldBytes === 0 && !(await more())) {
        throw new Failure("FORMAT_INVALID", "unexpected end of file");
      }
      const first = held[0] as Uint8Array;
      const step = Math.min(left, first.length);
      if (step === first.length) held.shift();
      else held[0] = first.subarray(step);
      heldBytes -= step;
      offset += step;
      left -= step;
    }
  }

  async function more(): Promise<boolean> {
    if (ended) return false;
    const { value, done } = await chunks.next();
    if (done === true) ended = true;
    else if (value.length > 0) {
      held.push(value);
      heldBytes += value.length;
    }
    return !ended;
  }
}
