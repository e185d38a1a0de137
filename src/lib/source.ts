/** Bytes of one file or of one member of a container. A source is read once, by one sampler. */
export interface Source {
  /** File name, without directories; its extension is the first hint at the format. */
  readonly name: string;
  /** Length in bytes, where it is known before reading. */
  readonly size?: number;
  /** Seconds since epoch, where it is known. */
  readonly mtime?: number;
  /** The first 64 KiB, or all there is if that is less. Reading them again costs nothing. */
  head(): Promise<Uint8Array>;
  /** All bytes from the start, in chunks of any length. */
  stream(): AsyncIterable<Uint8Array>;
  /** Bytes `start` to `end` (exclusive), fewer at the end of the file. Present = random access. */
  slice?(start: number, end: number): Promise<Uint8Array>;
  /** Raises what may be read in all to this many bytes, where the limit is lower. */
  allowReading?(bytes: number): void;
}

/** Bytes of a source that are looked at to recognise it. */
export const HEAD_BYTES = 64 * 1024;

/** A source for bytes that can be read only once, such as what a container holds. */
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
 * Yields what was taken already and what follows. Apart from the source that gives it out: a
 * generator function that is made for each source is kept, with all it can see, until all memory
 * is searched for garbage.
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
