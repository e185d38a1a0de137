import { writeFile } from "node:fs/promises";
import { Failure } from "../errors.ts";
import { writing } from "../lake/errors.ts";
import { locationOf } from "../storage/location.ts";
import type { Encoded } from "../store/staging-store.ts";
import { download } from "../transfer/download.ts";
import { hashFile } from "../transfer/hash-file.ts";
import { limitsOf } from "../transfer/limits-of.ts";
import type { Progress, Source, StagingContext, Wanted } from "./context.ts";
import type { ManifestEntry } from "./data-manifest.ts";
import type { PlaceStored } from "./place.ts";
import { renewedUrl } from "./refresh.ts";
import type { Join } from "./shared-transfers.ts";

/** A file as it lies in its run. */
export interface RunFile {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly verified: boolean;
  /** Bytes that were sent, where they were decompressed. */
  readonly encoded?: Encoded | undefined;
  readonly from: Source;
  readonly ms: number;
}

/** Options of `stageEntry`. */
export interface EntryOptions {
  /** The path that the file gets, absolute; nothing is there yet. */
  readonly to: string;
  /** The path of a copy while it is made, absolute. */
  readonly part: string;
  readonly placeStored: PlaceStored;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Often enough for a transfer of days with URLs of an hour. */
const MOST_RENEWALS = 100;

/** Puts one file of a manifest into its run. @throws Failure as the transfer; the signal's reason */
export async function stageEntry(
  entry: ManifestEntry,
  { context, join }: { readonly context: StagingContext; readonly join: Join },
  options: EntryOptions,
): Promise<RunFile> {
  const began = performance.now();
  const { name } = entry;
  const { to: path } = options;
  const found =
    entry.location === undefined
      ? await given(entry.content ?? "", path)
      : await fetched(entry, entry.location, { context, join }, options);
  return { name, path, ...found, ms: Math.round(performance.now() - began) };
}

type Found = Omit<RunFile, "name" | "path" | "ms">;

async function given(content: string, path: string): Promise<Found> {
  await writing(path, () => writeFile(path, content, { mode: 0o440, flag: "wx" }));
  const bytes = Buffer.byteLength(content);
  return { bytes, sha256: await hashFile(path), verified: true, from: "local" };
}

async function fetched(
  entry: ManifestEntry,
  location: string,
  { context, join }: { readonly context: StagingContext; readonly join: Join },
  options: EntryOptions,
): Promise<Found> {
  const { sha256, bytes, decompress, writable = false, refresh } = entry;
  let url = locationOf(location);
  for (let renewals = 0; ; renewals += 1) {
    const wanted = { url, sha256, bytes, decompress };
    try {
      return url.protocol === "file:"
        ? await copied(wanted, writable, context, options)
        : await linked(wanted, writable, join, options);
    } catch (error) {
      const isExpired = error instanceof Failure && error.code === "URL_EXPIRED";
      if (!isExpired || refresh === undefined || renewals === MOST_RENEWALS) throw error;
      url = await renewedUrl(refresh, { of: url, storages: context.storages, ...options });
    }
  }
}

/** From the store, which has it or fetches it. */
async function linked(
  wanted: Wanted,
  writable: boolean,
  join: Join,
  { to, placeStored, signal, onProgress }: EntryOptions,
): Promise<Found> {
  signal.throwIfAborted();
  const ticket = join(wanted);
  signal.addEventListener("abort", ticket.leave);
  const following = follow(ticket.progress.values(), onProgress);
  try {
    const { path, bytes, sha256, verified, encoded, from } = await ticket.staged;
    await writing(to, () => placeStored(path, to, { writable }));
    return { bytes, sha256: sha256 as string, verified, encoded, from };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", ticket.leave);
    await following;
    ticket.leave();
  }
}

async function follow(
  values: AsyncIterable<Progress>,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  for await (const progress of values) onProgress(progress);
}

/** A file of this machine is copied: a link would lead writers to somebody else's file. */
async function copied(
  { url, sha256, bytes, decompress }: Wanted,
  writable: boolean,
  context: StagingContext,
  { to, part, signal, onProgress }: EntryOptions,
): Promise<Found> {
  const done = await download(url, {
    storages: context.storages,
    part,
    target: () => to,
    mode: writable ? 0o640 : 0o440,
    sha256,
    bytes,
    decompress,
    ...limitsOf(context),
    signal,
    onProgress: (done, size) => onProgress({ phase: "transferring", bytes: done, size }),
  });
  // Whatever changes it meanwhile is noticed, and its size is the file system's.
  const { encoded } = done;
  return { bytes: done.bytes, sha256: done.sha256, verified: true, encoded, from: "local" };
}
