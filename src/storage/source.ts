import { basename } from "node:path";
import { HEAD_BYTES, type Source, streamSource } from "../lib/source.ts";
import {
  ask,
  checkBudget,
  fetchPart,
  fetchWhole,
  PATIENCE,
  type RemoteObject,
} from "./fetch-part.ts";
import { keptParts } from "./kept-parts.ts";
import { nameIn } from "./location.ts";
import { rest, unreachable } from "./rest.ts";
import { slicesOf } from "./slices.ts";
import { type Reply, type Storage, Unavailable } from "./types.ts";

/** An object that lies elsewhere, read in parts; nothing of it is stored here. */
export interface RemoteSource extends Source {
  /** Bytes read so far. */
  readBytes(): number;
  /** Requests sent so far. */
  requests(): number;
  /** True where a change between two requests would be seen. */
  hasVersion(): boolean;
  /** Ends what is under way. */
  close(): void;
}

/** Options of `openRemote`. */
export interface RemoteOptions {
  readonly storage: Storage;
  /**
   * Its name, as its producer knew it; decides the format. By default what its source calls it, else the
   * last part of its URL.
   */
  readonly name?: string | undefined;
  /** Bytes that may be read. */
  readonly readBytes: number;
  readonly signal: AbortSignal;
}

/** Bytes of the first request: the head of a source, and as a rule all that its sample needs. */
const FIRST_BYTES = 128 * 1024;
/** Bytes after that which a stream gets step by step; from the last step on always as many. */
const STREAM_STEPS_BYTES = [1024 ** 2 - FIRST_BYTES, 3 * 1024 ** 2, 4 * 1024 ** 2];
/** Bytes that are held of an object, so that they need not be asked for again. */
const KEPT_BYTES = 16 * 1024 ** 2;
/** An object of which no parts are sent is held whole up to this size, bytes. */
const HELD_BYTES = 4 * 1024 ** 2;
/** Requests for one object, but for those that larger limits of reading come with. */
const MOST_REQUESTS = 500;
const BYTES_OF_REQUEST = 64 * 1024;

/**
 * Opens an object: the first request brings its beginning, and with it size and version. Each later
 * one is for a part of that version.
 * @throws Failure UNREACHABLE, and as `Storage.read`; while reading also FILE_CHANGED and
 * LIMIT_EXCEEDED; the signal's reason once it is aborted
 */
export async function openRemote(url: URL, options: RemoteOptions): Promise<RemoteSource> {
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const object: RemoteObject = {
    url,
    storage: options.storage,
    signal,
    budget: options.readBytes,
    read: 0,
    awaited: 0,
    requests: 0,
    mostRequests: MOST_REQUESTS,
    isKnown: false,
    size: undefined,
    version: undefined,
  };
  return {
    ...(await begun(object, options.name)),
    readBytes: () => object.read,
    requests: () => object.requests,
    hasVersion: () => object.version !== undefined,
    close: () => abort.abort(new Error("closed")),
    allowReading(bytes) {
      object.budget = Math.max(object.budget, bytes);
      object.mostRequests = Math.max(MOST_REQUESTS, Math.ceil(bytes / BYTES_OF_REQUEST));
    },
  };
}

async function begun(object: RemoteObject, name: string | undefined): Promise<Source> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await begin(object, name);
    } catch (error) {
      await rest(error, failures, { ...PATIENCE, signal: object.signal });
    }
  }
}

async function begin(object: RemoteObject, wanted: string | undefined): Promise<Source> {
  const reply = await ask(object, 0, Math.min(FIRST_BYTES, object.budget));
  const name = wanted ?? basename(reply.name ?? nameIn(object.url));
  const chunks = reply.chunks[Symbol.asyncIterator]();
  const { bytes, isOver } = await firstOf(object, chunks);
  if (isOver && reply.hasRanges) return ranged(object, name, await filled(object, bytes));
  if (isOver) {
    object.size ??= bytes.length;
    return ranged(object, name, bytes);
  }
  const all = whole(object, bytes, chunks);
  if (reply.size === undefined || reply.size > HELD_BYTES) return forward(name, all, reply);
  const held: Uint8Array[] = [];
  for await (const chunk of all) held.push(chunk);
  return ranged(object, name, Buffer.concat(held));
}

/** Reads the beginning; a server that knows no parts goes on. */
async function firstOf(
  object: RemoteObject,
  chunks: AsyncIterator<Uint8Array>,
): Promise<{ readonly bytes: Uint8Array; readonly isOver: boolean }> {
  const first: Uint8Array[] = [];
  for (let bytes = 0; bytes <= FIRST_BYTES;) {
    const { value, done } = await chunks.next();
    if (done === true) return { bytes: Buffer.concat(first), isOver: true };
    object.read += value.length;
    bytes += value.length;
    first.push(value);
  }
  return { bytes: Buffer.concat(first), isOver: false };
}

/** The beginning of an object, where fewer bytes of it were sent than asked for. */
async function filled(object: RemoteObject, bytes: Uint8Array): Promise<Uint8Array> {
  const wanted = Math.min(FIRST_BYTES, object.budget, object.size ?? 0);
  if (bytes.length >= wanted) return bytes;
  return Buffer.concat([bytes, await fetchWhole(object, bytes.length, wanted)]);
}

/** A source of which parts can be had, or all of which is here. */
function ranged(object: RemoteObject, name: string, first: Uint8Array): Source {
  const { size } = object;
  const begins = { name, head: async () => first.subarray(0, HEAD_BYTES) };
  const stream = () => partsOf(object, first);
  if (size === undefined) return { ...begins, stream };
  const kept = keptParts(KEPT_BYTES);
  kept.add(0, first);
  return { ...begins, size, stream, ...slicesOf(object, size, kept) };
}

/** A source that can only be read on. */
function forward(
  name: string,
  chunks: AsyncGenerator<Uint8Array, void, void>,
  { size }: Reply,
): Source {
  const whyNoSlice = `its server sends no parts of it, and it is larger than ${HELD_BYTES} bytes`;
  return { ...streamSource(name, chunks), ...(size === undefined ? {} : { size }), whyNoSlice };
}

/** Yields an object from its first bytes on, by a request for each of a few large parts. */
async function* partsOf(
  object: RemoteObject,
  first: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  let at = first.length;
  for (let i = 0; at < (object.size ?? Infinity); i += 1) {
    const step = STREAM_STEPS_BYTES[Math.min(i, STREAM_STEPS_BYTES.length - 1)] as number;
    // The limit is met exactly; beyond it the fetch says so.
    const left = Math.max(1, object.budget - object.read);
    const end = Math.min(at + Math.min(step, left), object.size ?? Infinity);
    const before = at;
    for await (const chunk of fetchPart(object, at, end)) {
      at += chunk.length;
      yield chunk;
    }
    if (at === before) return;
  }
}

/** Yields what has come of a whole body, and the rest of it as it comes. */
async function* whole(
  object: RemoteObject,
  first: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield first;
    for (;;) {
      const { value, done } = await chunks.next();
      if (done === true) return;
      object.read += value.length;
      checkBudget(object, 0);
      yield value;
    }
  } catch (error) {
    // It cannot be gone on with, and what was taken of it is used already.
    throw error instanceof Unavailable ? unreachable(error, 1) : error;
  } finally {
    await chunks.return?.();
  }
}
