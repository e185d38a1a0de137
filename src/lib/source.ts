/** Bytes of one file or of one member of a container. A source is read once, by one sampler. */
export interface Source {
  /** File name, without directories; its extension is the first hint at the format. */
  readonly name: string;
  /** Length in bytes, where it is known before reading. */
  readonly size?: number;
  /** Seconds since epoch, where it is known. */
  readonly mtime?: number;
  /** The first 64 KiB, or all there is if that is less. Reading them again costs nothing. */
  head(): Promise<Uint8Array> | Uint8Array;
  /** All bytes from the start, in chunks of any length. */
  stream(): AsyncIterable<Uint8Array>;
  /**
   * Bytes `start` to `end` (exclusive), fewer at the end of the file. Present where there is random
   * access.
   */
  slice?(start: number, end: number): Promise<Uint8Array>;
  /** The reason of the source's own for which `slice` is missing, where it has one. */
  readonly whyNoSlice?: string;
  /** Raises the number of bytes that may be read in all to this one, where the limit is lower. */
  allowReading?(bytes: number): void;
  /** Hears what will be sliced next: a source far away fetches together what lies close together. */
  willSlice?(parts: readonly Part[]): void;
}

/** Bytes `start` to `end` (exclusive) of a source. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Bytes of a source that are looked at to recognise it. */
export const HEAD_BYTES = 64 * 1024;

/** A source of bytes that can be read only once, such as a container's content. */
export function streamSource(
  name: string,
  chunks: AsyncGenerator<Uint8Array, unknown, void>,
): Source {
  const first: Uint8Array[] = [];
  let bytes = 0;
  let ended = false;

  async function head(): Promise<Uint8Array> {
    while (bytes < HEAD_BYTES && !ended) {
      const { value, done } = await chunks.next();
      if (done === true) ended = true;
      else {
        first.push(value);
        bytes += value.length;
      }
    }
    const all = first.length === 1 ? (first[0] as Uint8Array) : Buffer.concat(first);
    first.splice(0, first.length, all);
    return all.subarray(0, HEAD_BYTES);
  }

  return { name, head, stream: () => rest(first, chunks) };
}

/**
 * Yields what was taken already, then the rest. It stands apart from the source on purpose: a
 * generator function that is made for each source, with everything it can see, is kept until the
 * next full garbage collection.
 */
async function* rest(
  taken: readonly Uint8Array[],
  chunks: AsyncGenerator<Uint8Array, unknown, void>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* taken;
    for (;;) {
      const { value, done } = await chunks.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await chunks.return(undefined);
  }
}

/**
 * Two sources of the bytes of one that can be read only once: what a reader takes of the first is
 * held for the second, which goes on after it. Closing the first one's stream closes nothing.
 */
export function readTwice(source: Source): readonly [first: Source, second: Source] {
  const held: Uint8Array[] = [];
  const chunks = source.stream()[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array, void, void>;
  return [
    { ...source, stream: () => holding(chunks, held) },
    { ...source, stream: () => rest(held, chunks) },
  ];
}

async function* holding(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  held: Uint8Array[],
): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const { value, done } = await chunks.next();
    if (done === true) return;
    held.push(value);
    yield value;
  }
}
