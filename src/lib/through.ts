import { once } from "node:events";
import type { Transform } from "node:stream";
import { slicesOf } from "./blocks.ts";

/**
 * Input is fed in slices: one slice's output bounds what waits to be taken, and what is lost when
 * the transform fails does not depend on the chunk borders.
 */
const SLICE_BYTES = 8 * 1024;

/**
 * Sends bytes through a Node transform and yields what comes out, as it comes. What came out
 * before an error is yielded before the error is thrown; input after the transform's own end is
 * left unread. The transform and the input are closed however the caller leaves.
 * @throws what the transform or the input throws.
 */
export async function* through(
  input: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array, void, void> {
  const output: Uint8Array[] = [];
  let failure: unknown;
  transform.on("data", (chunk: Uint8Array) => output.push(chunk));
  transform.on("error", (error) => (failure = error));
  const closed = once(transform, "close").catch(() => undefined);

  try {
    for await (const slice of slicesOf(input, SLICE_BYTES)) {
      await written(slice);
      yield* output.splice(0);
      if (!isOpen()) break;
    }
    transform.end();
    await closed;
    yield* output.splice(0);
    if (failure !== undefined) throw failure;
  } finally {
    transform.destroy();
  }

  function isOpen(): boolean {
    return failure === undefined && !transform.readableEnded;
  }

  /** Waits until a slice is worked off, or the transform is closed by an error. */
  async function written(slice: Uint8Array): Promise<void> {
    const done = new Promise<void>((resolve) => void transform.write(slice, () => resolve()));
    await Promise.race([done, closed]);
  }
}
