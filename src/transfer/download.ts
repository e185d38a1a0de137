import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import type { Storages } from "../storage/index.ts";
import { type Digests, type Reply, Unavailable } from "../storage/types.ts";
import { backOffMs } from "../lib/back-off.ts";
import { agrees } from "./digest.ts";
import { openPartial, type PartialFile } from "./partial.ts";

/** Options of `download`. */
export interface DownloadOptions {
  readonly storages: Storages;
  /** The file while it is transferred, absolute; its journal, `<part>.json`, is beside it. */
  readonly part: string;
  /** The file that it becomes, absolute, on the same file system. */
  readonly target: (sha256: string) => string;
  /** Permissions of the file. */
  readonly mode: number;
  /** Its size has to be this one, bytes. */
  readonly bytes?: number | undefined;
  /** What its bytes have to be, lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  /** Tries in a row that may bring nothing. */
  readonly retries: number;
  /** Time without a byte after which the source has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** Told how many bytes are there, and how many there are to be, where that is known. */
  readonly onProgress?: (bytes: number, size: number | undefined) => void;
  /** A random number, 0 to 1, that spreads the waits; tests give their own. */
  readonly random?: () => number;
}

/** The result of `download`. */
export interface Downloaded {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /**
   * True where a hash, from the caller or the source, or the caller's size says that these are the
   * bytes. Without one nobody can tell a login page, or a length that was understated, from the object.
   */
  readonly verified: boolean;
  /** The content encoding that the bytes have, though none was asked for. */
  readonly encoding?: string;
  /** The version of the object, where its source tells versions apart. */
  readonly version?: string;
  /** How often it was asked for. */
  readonly requests: number;
}

/** The state of one download. */
interface Transfer {
  readonly url: URL;
  readonly partial: PartialFile;
  readonly options: DownloadOptions & { readonly unless?: string | undefined };
  size: number | undefined;
  offered: Digests;
  encoding: string | undefined;
  requests: number;
  /** How often it was begun again after some of it had been there. */
  restarts: number;
}

/**
 * Fetches an object into a file: what is there under its name is whole, and has the hash that was
 * asked for, or there is nothing. What breaks off goes on from where it was, also in the next process,
 * where the source can tell that it is the same version.
 * @throws Failure CHECKSUM_MISMATCH, FILE_CHANGED, UNREACHABLE, what the storage and the disk say; the
 * signal's reason once it is aborted: what was fetched stays for the next time then
 */
export async function download(url: URL, options: DownloadOptions): Promise<Downloaded> {
  return (await downloadIfChanged(url, options)) as Downloaded;
}

/** The same, but where the object has the version `unless`: nothing is fetched then. */
export async function downloadIfChanged(
  url: URL,
  options: DownloadOptions & { readonly unless?: string | undefined },
): Promise<Downloaded | undefined> {
  const { part, mode } = options;
  const partial = await openPartial(part, { of: redacted(url), mode });
  const begun = { size: undefined, offered: {}, encoding: undefined, requests: 0, restarts: 0 };
  const transfer: Transfer = { url, partial, options, ...begun };
  try {
    if ((await fetchWhole(transfer)) === "unchanged") {
      await partial.discard();
      return undefined;
    }
    let verified = verify(transfer);
    if (verified.isRight === false) {
      // Bytes that an earlier process left can be damaged: once more, all of it.
      await partial.begin(undefined, {});
      await fetchWhole(transfer);
      verified = verify(transfer);
    }
    if (verified.isRight === false) throw mismatch(transfer, verified.sha256);
    const bytes = partial.offset();
    const version = partial.version();
    await partial.commit(options.target(verified.sha256));
    const { encoding, requests } = transfer;
    return {
      bytes,
      sha256: verified.sha256,
      verified: verified.isRight === true,
      ...(version === undefined ? {} : { version }),
      ...(encoding === undefined ? {} : { encoding }),
      requests,
    };
  } catch (error) {
    const isWrong =
      error instanceof Failure && /^(CHECKSUM_MISMATCH|FILE_CHANGED)$/.test(error.code);
    const isUseless = isWrong || partial.offset() === 0;
    await (isUseless ? partial.discard() : partial.close());
    throw error;
  }
}

/**
 * Asks until all is there. Progress begins the count of failures again; how often all was begun again
 * is counted apart.
 */
async function fetchWhole(transfer: Transfer): Promise<"whole" | "unchanged"> {
  const { partial, options, url } = transfer;
  for (let failures = 0; ;) {
    const before = { offset: partial.offset(), restarts: transfer.restarts };
    try {
      return await fetchSome(transfer);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      // What began again is counted there: how far the try before got says nothing of it.
      const isAgain = transfer.restarts > before.restarts;
      if (!isAgain) failures = partial.offset() > before.offset ? 1 : failures + 1;
      if (failures > options.retries) {
        const message = `${error.message}; given up after ${failures} tries that brought nothing`;
        throw new Failure("UNREACHABLE", message, { cause: error });
      }
      if (transfer.restarts > options.retries)
        throw new Failure(
          "FILE_CHANGED",
          `${redacted(url)} breaks off or changes each time before it is whole`,
        );
      const waitMs = backOffMs(failures, error.retryMs, (options.random ?? Math.random)());
      await sleep(waitMs, undefined, { signal: options.signal });
    }
  }
}

/** Asks once for what is missing. @throws Unavailable where something is missing still */
async function fetchSome(transfer: Transfer): Promise<"whole" | "unchanged"> {
  const { url, partial, options } = transfer;
  const { signal, stallMs, onProgress } = options;
  const start = partial.offset();
  transfer.requests += 1;
  const version = partial.version();
  const unless = start === 0 ? options.unless : undefined;
  const storage = options.storages.of(url);
  const reply = await storage.read(url, { start, version, unless, stallMs, signal });
  if (reply.isUnchanged) return "unchanged";
  if (reply.start === 0) await beginAgain(transfer, reply);
  else await checkSize(transfer, reply);
  transfer.size = reply.size ?? transfer.size;
  transfer.offered = { ...transfer.offered, ...reply.offered };
  const { size } = transfer;
  for await (const chunk of reply.chunks) {
    signal.throwIfAborted();
    if (partial.offset() + chunk.length > (size ?? Infinity))
      throw new Unavailable(`${redacted(url)}: more was sent than was said`);
    await partial.append(chunk);
    onProgress?.(partial.offset(), size);
  }
  if (size !== undefined && partial.offset() < size)
    throw new Unavailable(`${redacted(url)}: it broke off at byte ${partial.offset()} of ${size}`);
  return "whole";
}

/** A version has one size; a source that says another one is not to be gone on with. */
async function checkSize({ url, partial, size }: Transfer, reply: Reply): Promise<void> {
  if (size === undefined || reply.size === undefined || reply.size === size) return;
  await partial.begin(undefined, {});
  throw new Unavailable(
    `${redacted(url)}: its size is said to be ${size} bytes, and then ${reply.size}`,
  );
}

/** From 0: it is another version, or its source has no parts of it. */
async function beginAgain(transfer: Transfer, reply: Reply): Promise<void> {
  if (transfer.partial.offset() > 0) transfer.restarts += 1;
  transfer.size = undefined;
  transfer.offered = {};
  transfer.encoding = reply.encoding;
  await transfer.partial.begin(reply.version, reply.offered);
}

function verify({ partial, offered, options }: Transfer): {
  readonly sha256: string;
  readonly isRight: boolean | undefined;
} {
  const found = partial.digests();
  const known = options.sha256 === undefined ? offered : { sha256: options.sha256 };
  const hasSize = options.bytes === undefined ? undefined : partial.offset() === options.bytes;
  const hasHash = agrees(known, found);
  return { sha256: found.sha256, isRight: hasSize === false ? false : (hasHash ?? hasSize) };
}

function mismatch({ url, options, offered, partial }: Transfer, found: string): Failure {
  const hash = options.sha256 ?? offered.sha256;
  const wanted =
    options.bytes !== undefined && partial.offset() !== options.bytes
      ? `has ${partial.offset()} bytes, not ${options.bytes}`
      : `does not have ${hash === undefined ? "the MD5 that its source offers" : `the SHA-256 ${hash}`}, but ${found}`;
  return new Failure("CHECKSUM_MISMATCH", `${redacted(url)} ${wanted}`);
}
