import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import type { Storages } from "../storage/index.ts";
import { rest } from "../storage/rest.ts";

/** Options of `send`. */
export interface SendOptions {
  readonly storages: Storages;
  /** The file, absolute. */
  readonly path: string;
  /** Its size, bytes. */
  readonly bytes: number;
  /** Tries in a row that may fail. */
  readonly retries: number;
  /** Time without a byte after which the other side has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends a file to a location, again where that may help.
 * @throws Failure USAGE where such a location cannot be written, UNREACHABLE, what the storage says; the
 * signal's reason
 */
export async function send(url: URL, options: SendOptions): Promise<void> {
  const { storages, path, bytes, retries, stallMs, signal } = options;
  const storage = storages.of(url);
  if (storage.write === undefined)
    throw new Failure("USAGE", `${redacted(url)}: nothing can be written there`);
  for (let failures = 1; ; failures += 1) {
    try {
      return await storage.write(url, { path, bytes, stallMs, signal });
    } catch (error) {
      await rest(error, failures, { retries, signal });
    }
  }
}
