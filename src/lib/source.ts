import type { Source } from "../job.ts";

/** How much of a source is looked at to recognise it, in bytes. */
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
