import { errorMessage, Failure, NoSample } from "../errors.ts";
import { type Compression, isDamage } from "../formats/compressed/compression.ts";
import { compressions } from "../formats/compressed/decompress.ts";
import { checkRatio } from "../formats/ratio.ts";
import { redacted } from "../storage/location.ts";
import type { Reply } from "../storage/types.ts";
import { folding } from "./digest.ts";
import { gunzip } from "./gunzip.ts";
import { checkMost, type Transfer } from "./transfer.ts";

const RATIO = 1000;
/** First bytes by which a compression is known. */
const HEAD_BYTES = 512;

/**
 * Writes what is compressed in a reply, and notes bytes and hashes of what was sent.
 * @throws Failure FORMAT_INVALID for what is not compressed, damaged, cut off or followed by other
 * bytes; LIMIT_EXCEEDED for a bomb; as the reply and the disk say
 */
export async function unpack(transfer: Transfer, reply: Reply): Promise<void> {
  const { url, partial, options, offered } = transfer;
  const { ratio = RATIO } = options;
  const hash = folding({ withMd5: offered.sha256 === undefined && offered.md5 !== undefined });
  const writer = partial.writerAt(0);
  let sent = 0;
  let isEnded = false;
  let written = 0;
  try {
    const end = await each(unpacked(counted()), async (piece) => {
      written += piece.length;
      checkRatio(written, sent, { ratio });
      await checkMost(transfer, written);
      await writer.add(piece);
    });
    if (!isEnded || end !== sent) throw new Failure("FORMAT_INVALID", "other bytes follow its end");
  } catch (error) {
    throw meaningOf(error, redacted(url));
  } finally {
    await writer.flush();
  }
  transfer.encoded = { ...hash.end(), bytes: sent };

  async function* counted(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of reply.chunks) {
      options.signal.throwIfAborted();
      hash.add(chunk);
      sent += chunk.length;
      transfer.received = sent;
      options.onProgress?.(sent, transfer.size);
      await options.limit?.take(chunk.length, options.signal);
      yield chunk;
    }
    isEnded = true;
  }
}

/** Does something with each piece, and returns what the generator returns. */
async function each<T, R>(
  pieces: AsyncGenerator<T, R, void>,
  work: (piece: T) => Promise<void>,
): Promise<R> {
  try {
    for (;;) {
      const { done, value } = await pieces.next();
      if (done === true) return value;
      await work(value);
    }
  } finally {
    await pieces.return(undefined as R);
  }
}

/** Yields what the chunks hold, and returns the offset after it. */
async function* unpacked(
  chunks: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, number, void> {
  try {
    const first = await firstOf(chunks);
    const compression = compressionOf(Buffer.concat(first));
    const all = again(first, chunks);
    return yield* compression.name === "gz" ? gunzip(all) : compression.decompress(all);
  } finally {
    await chunks.return();
  }
}

async function firstOf(chunks: AsyncGenerator<Uint8Array, void, void>): Promise<Uint8Array[]> {
  const first: Uint8Array[] = [];
  for (let bytes = 0; bytes < HEAD_BYTES;) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    first.push(value);
    bytes += value.length;
  }
  return first;
}

async function* again(
  first: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  yield* first;
  yield* rest;
}

function compressionOf(head: Uint8Array): Compression {
  const found = compressions.find((compression) => compression.matches(head));
  if (found !== undefined) return found;
  const known = compressions.map(({ name }) => name).join(", ");
  throw new Failure("FORMAT_INVALID", `compressed in no way that is read: ${known} are`);
}

function meaningOf(error: unknown, of: string): unknown {
  if (error instanceof Failure && error.message.startsWith(of)) return error;
  const isLimit = error instanceof Failure && error.code === "LIMIT_EXCEEDED";
  if (!isLimit && !isDamage(error) && !(error instanceof NoSample)) return error;
  const code = isLimit ? "LIMIT_EXCEEDED" : "FORMAT_INVALID";
  return new Failure(code, `${of}: cannot be decompressed: ${errorMessage(error)}`, {
    cause: error,
  });
}
