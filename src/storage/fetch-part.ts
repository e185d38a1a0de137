import { Failure } from "../errors.ts";
import { redacted } from "./location.ts";
import { failuresAfter, rest } from "./rest.ts";
import { type Reply, type Storage, Unavailable } from "./types.ts";

/** An object of which parts are read: what is known of it, and what that has cost. */
export interface RemoteObject {
  readonly url: URL;
  readonly storage: Storage;
  readonly signal: AbortSignal;
  /** Bytes that may be read. */
  budget: number;
  /** Bytes that were read. */
  read: number;
  /** Bytes that were asked for and have not come yet. */
  awaited: number;
  requests: number;
  /** Requests that may be sent. */
  mostRequests: number;
  /** True once a source has said what the object is. */
  isKnown: boolean;
  /** Bytes of the whole object; undefined where its source does not say. */
  size: number | undefined;
  /** Undefined where nothing tells its versions apart. */
  version: string | undefined;
}

/** Time without a byte after which a source has stalled, ms: a sample is not worth a longer wait. */
const STALL_MS = 10_000;
/** The entry itself is tried again, later: a source that asks for a longer rest gets it then. */
export const PATIENCE = { retries: 3, longestMs: 5000 };

/**
 * Yields bytes `start` to `end` (exclusive) as they come, fewer where the object ends. What breaks
 * off is gone on with, in the same version.
 * @throws Failure FILE_CHANGED, LIMIT_EXCEEDED, UNREACHABLE, and what the storage says; the signal's
 * reason once it is aborted
 */
export async function* fetchPart(
  object: RemoteObject,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, void> {
  let at = start;
  for (let failures = 0; at < end;) {
    const before = at;
    try {
      for await (const chunk of fetchOnce(object, at, end)) {
        at += chunk.length;
        yield chunk;
      }
      // Where it ends nobody said; else it should have had these bytes.
      if (at === before && object.size === undefined) return;
      if (at === before) throw new Unavailable(`${redacted(object.url)}: nothing was sent`);
    } catch (error) {
      failures = failuresAfter(failures, error, at - before);
      await rest(error, failures, { ...PATIENCE, signal: object.signal });
    }
  }
}

/** The same bytes in one piece. @throws as `fetchPart` */
export async function fetchWhole(
  object: RemoteObject,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of fetchPart(object, start, end)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Yields what one request brings. @throws Unavailable; as `fetchPart` */
async function* fetchOnce(
  object: RemoteObject,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, void> {
  let left = end - start;
  checkBudget(object, left);
  object.awaited += left;
  try {
    const { chunks } = await ask(object, start, end);
    for await (const chunk of chunks) {
      // A server may send all that follows.
      if (left === 0) return;
      const wanted = chunk.subarray(0, left);
      left -= wanted.length;
      object.awaited -= wanted.length;
      object.read += wanted.length;
      yield wanted;
    }
  } finally {
    object.awaited -= left;
  }
}

/**
 * Asks for a part once. The first answer says what the object is; each later one has to be of that.
 * @throws Unavailable; as `fetchPart`
 */
export async function ask(object: RemoteObject, start: number, end: number): Promise<Reply> {
  const { url, storage, signal, version } = object;
  object.requests += 1;
  const reply = await storage.read(url, { start, end, version, stallMs: STALL_MS, signal });
  try {
    if (object.isKnown) checkSame(object, reply);
    if (reply.start !== start)
      throw new Unavailable(`${redacted(url)}: no part is sent any more, but all of it`);
  } catch (error) {
    reply.close();
    throw error;
  }
  object.isKnown = true;
  object.size ??= reply.size;
  object.version ??= reply.version;
  return reply;
}

function checkSame({ url, size, version }: RemoteObject, reply: Reply): void {
  const hasOtherSize = size !== undefined && reply.size !== undefined && reply.size !== size;
  const isOther = version !== undefined && reply.version !== version;
  if (!hasOtherSize && !isOther) return;
  throw new Failure("FILE_CHANGED", `${redacted(url)} changed while it was read`);
}

/** Sees that so many more bytes, and one more request, are allowed. @throws Failure LIMIT_EXCEEDED */
export function checkBudget(object: RemoteObject, bytes: number): void {
  const { read, awaited, budget, requests, mostRequests } = object;
  if (read + awaited + bytes > budget) {
    const message = `needs more than limits.readBytes (${budget} bytes) read`;
    throw new Failure("LIMIT_EXCEEDED", message);
  }
  if (requests < mostRequests) return;
  throw new Failure("LIMIT_EXCEEDED", `needs more than ${mostRequests} requests`);
}
