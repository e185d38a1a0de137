import { once } from "node:events";
import type { Transform } from "node:stream";
import { slicesOf } from "./blocks.ts";

/**
 * Bytes of a slice of input: one slice's output bounds the output that waits, and the input that is
 * lost when the transform fails does not depend on the chunk borders.
 */
const SLICE_BYTES = 8 * 1024;

/**
 * Sends bytes through a Node transform and yields its output as it comes. Output that came before
 * an error is yielded before the error is thrown; input after the transform's own end is left
 * unread. The transform and the input are closed however the caller leaves.
 * @throws what the transform or the input throws.
 */
export function through(
  input: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array, void, void> {
  return throughEach(slicesOf(input, SLICE_BYTES), transform);
}

/** The same for input whose pieces are to be fed as they are: an error loses one piece. */
export async function* throughEach(
  pieces: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array, void, void> {
  const output: Uint8Array[] = [];
  let failure: unknown;
  transform.on("data", (chunk: Uint8Array) => output.push(chunk));
  transform.on("error", (error) => (failure = error));
  const closed = once(transform, "close").catch(() => undefined);

  try {
    for await (const piece of pieces) {
      await written(piece);
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

  /** Waits until a piece is processed, or the transform is closed by an error. */
  async function written(piece: Uint8Array): Promise<void> {
    const done = new Promise<void>((resolve) => void transform.write(piece, () => resolve()));
    await Promise.race([done, closed]);
  }
}
