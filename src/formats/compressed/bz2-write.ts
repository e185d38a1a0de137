import type BZip2 from "bzip2-wasm";
import { slicesOf } from "../../lib/blocks.ts";
import { native } from "../codecs/native.ts";

/** Bytes of a block for each level; the encoder takes eight times as much memory for any input. */
const LEVEL_BYTES = 100_000;
/** Bytes of a stream: with more, the encoder's memory grows, and it loses track of where it is. */
const STREAM_BYTES = 900_000;
/** Bytes that bzip2 needs for a block, at most: its content, 1 % and 600 bytes more. */
const MAX_STREAM_BYTES = 909_600;

let ready: Promise<BZip2> | undefined;

/** Compresses with bzip2, a stream for every 900,000 bytes. */
export async function* bzip2(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  ready ??= encoder();
  const bzip2 = await ready;
  let isEmpty = true;
  for await (const slice of slicesOf(chunks, STREAM_BYTES)) {
    isEmpty = false;
    yield bzip2.compress(slice, Math.ceil(slice.length / LEVEL_BYTES), MAX_STREAM_BYTES);
  }
  if (isEmpty) yield bzip2.compress(new Uint8Array(), 1, MAX_STREAM_BYTES);
}

/**
 * Loads the encoder. Loading leaves two names in the global object, where they would do harm
 * elsewhere.
 */
async function encoder(): Promise<BZip2> {
  const bzip2 = new (native.bzip2().default)();
  await bzip2.init();
  Reflect.deleteProperty(globalThis, "__dirname");
  Reflect.deleteProperty(globalThis, "require");
  return bzip2;
}
