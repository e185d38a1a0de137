import type { Readable } from "node:stream";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { redacted } from "./location.ts";
import { Unavailable } from "./types.ts";

/** Options of `bodyOf`. */
export interface BodyOptions {
  /** Time without a byte after which the server has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** The message's bytes where they come another way; the message itself by default. */
  readonly chunks?: AsyncIterable<Uint8Array> | undefined;
}

/** Bytes that a second of waiting has to bring, averaged over the time after which a server has stalled. */
const LEAST_BYTES_PER_S = 1024;

/**
 * The bytes of an answer.
 * @throws Unavailable where it breaks off, stalls, or is so slow that it may as well; the signal's reason
 */
export async function* bodyOf(
  message: Readable,
  url: URL,
  { stallMs, signal, chunks = message }: BodyOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const stalled = () => new Unavailable(`${redacted(url)}: no byte for ${stallMs} ms`);
  const leastBytes = (LEAST_BYTES_PER_S * stallMs) / 1000;
  const tooSlow = `${redacted(url)}: less than ${LEAST_BYTES_PER_S} bytes a second for ${stallMs} ms`;
  let isAwaited = true;
  let awaitedSince = performance.now();
  // Only waiting counts: who is held back by a rate of our own takes what is there at once.
  let waitedMs = 0;
  let bytes = 0;
  const timer = setTimeout(() => {
    // Who is slow to take a chunk is no stalled server.
    if (isAwaited) message.destroy(stalled());
  }, stallMs);
  try {
    signal.throwIfAborted();
    for await (const chunk of chunks) {
      isAwaited = false;
      waitedMs += performance.now() - awaitedSince;
      bytes += chunk.length;
      yield chunk;
      if (waitedMs >= stallMs) {
        if (bytes < leastBytes) throw new Unavailable(tooSlow, { leastBytes });
        waitedMs = bytes = 0;
      }
      isAwaited = true;
      awaitedSince = performance.now();
      timer.refresh();
    }
  } catch (error) {
    throw meaningOf(error, url, signal);
  } finally {
    clearTimeout(timer);
    message.destroy();
  }
}

/** Codes that no further try changes: certificates, and addresses that are none. */
const lasting =
  /^(CERT_|ERR_TLS_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_SSL_|ERR_INVALID_URL|HOSTNAME_MISMATCH)/;

/** The error that one of a connection means: whether another try is of use. */
export function meaningOf(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof Unavailable || error instanceof Failure) return error;
  const message = `${redacted(url)}: ${errorMessage(error)}`;
  if (lasting.test(errorCode(error) ?? ""))
    return new Failure("UNREACHABLE", message, { cause: error });
  return new Unavailable(message, { cause: error });
}

/** The same bytes; ends with an error where more or less comes than was said. @throws Unavailable */
export async function* ofLength(
  body: AsyncIterable<Uint8Array>,
  length: number,
  url: URL,
): AsyncGenerator<Uint8Array, void, void> {
  let left = length;
  for await (const chunk of body) {
    if (chunk.length > left) throw new Unavailable(`${redacted(url)}: more was sent than was said`);
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0)
    throw new Unavailable(`${redacted(url)}: it broke off ${left} bytes before its end`);
}
