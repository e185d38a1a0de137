import { Failure } from "../errors.ts";
import { locationOf, redacted } from "../storage/location.ts";
import type { StagingContext } from "./context.ts";
import type { ManifestEntry } from "./data-manifest.ts";
import { checkNames } from "./names.ts";
import { MOST_NAMES } from "./schemas.ts";

/** A directory of a manifest that could not be listed. */
export interface Unlisted {
  readonly entry: ManifestEntry;
  readonly error: unknown;
}

/**
 * Puts the files that lie in the directories of a manifest in the place of those. The names of all are
 * different, and there are as many as a manifest may have. @throws the signal's reason
 */
export async function expand(
  entries: readonly ManifestEntry[],
  context: StagingContext,
  signal: AbortSignal,
): Promise<{ readonly files: readonly ManifestEntry[]; readonly unlisted: readonly Unlisted[] }> {
  const names = new Set(entries.map(({ name }) => name));
  const files: ManifestEntry[] = [];
  const unlisted: Unlisted[] = [];
  for (const entry of entries) {
    if (entry.isDirectory !== true) {
      files.push(entry);
      continue;
    }
    try {
      const found = await filesIn(entry, MOST_NAMES - names.size, context, signal);
      const twice = found.find(({ name }) => names.has(name));
      if (twice !== undefined)
        throw new Failure("USAGE", `two files would be called ${JSON.stringify(twice.name)}`);
      for (const { name } of found) names.add(name);
      files.push(...found);
    } catch (error) {
      signal.throwIfAborted();
      unlisted.push({ entry, error });
    }
  }
  return { files, unlisted };
}

async function filesIn(
  { name: directory, location = "" }: ManifestEntry,
  most: number,
  { storages, settings }: StagingContext,
  signal: AbortSignal,
): Promise<readonly ManifestEntry[]> {
  const { retries, stallMs } = settings;
  const url = locationOf(location);
  const storage = storages.of(url);
  if (storage.list === undefined)
    throw new Failure("USAGE", `what lies below ${redacted(url)} cannot be listed`);
  const found: ManifestEntry[] = [];
  for await (const { path, location: at, bytes } of storage.list(url, {
    retries,
    stallMs,
    signal,
  })) {
    if (found.length === most) {
      const message = `${redacted(url)}: with its files there are more than the ${MOST_NAMES} names that a manifest may have`;
      throw new Failure("LIMIT_EXCEEDED", message);
    }
    found.push({ name: `${directory}/${path}`, location: at, bytes });
  }
  if (found.length === 0)
    throw new Failure("FILE_MISSING", `${redacted(url)}: no file lies below it`);
  checkNames(found.map(({ name }) => name));
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
