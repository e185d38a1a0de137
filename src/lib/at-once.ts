/**
 * Bytes of input that are worked off at once and here, at most: handing them to another thread and
 * back, as streams do, takes longer than the work.
 */
const SMALL_BYTES = 16 * 1024;
/** Bytes that a small input may become, at most; more is left to the stream. */
export const AT_ONCE_BYTES = 1024 * 1024;

/** Two ways to turn bytes into others, with the same result. */
export interface Ways<R> {
  /**
   * Turns all bytes at once. Throws where the stream has to do it: there is too much, or it is
   * damaged.
   */
  readonly atOnce: (bytes: Uint8Array) => { readonly made: Uint8Array; readonly result: R };
  readonly stream: (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, R, void>;
}

/**
 * Turns a stream's bytes into others, at once where they are few; returns what the chosen way
 * returns.
 */
export async function* atOnceIfSmall<R>(
  input: AsyncIterable<Uint8Array>,
  { atOnce, stream }: Ways<R>,
): AsyncGenerator<Uint8Array, R, void> {
  const chunks = input[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let isWhole = false;
  try {
    for (let bytes = 0; bytes <= SMALL_BYTES && !isWhole;) {
      const { value, done } = await chunks.next();
      if (done === true) isWhole = true;
      else {
        held.push(value);
        bytes += value.length;
      }
    }
    const done = isWhole ? tried(() => atOnce(Buffer.concat(held))) : undefined;
    if (done === undefined) return yield* stream(goOn(held, chunks));
    if (done.made.length > 0) yield done.made;
    return done.result;
  } finally {
    await chunks.return?.();
  }
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

async function* goOn(
  held: readonly Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield* held;
  for (;;) {
    const { value, done } = await chunks.next();
    if (done === true) return;
    yield value;
  }
}
