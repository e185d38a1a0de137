import { existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { entryPath, type HeldDirectory } from "../../lake/held-directory.ts";

/** Bytes of a page: SQLite's default, which we keep. */
const PAGE_BYTES = 4096;
/** Bytes below which SQLite takes a file for an empty database. */
const LEAST_BYTES = 512;
/** Files that SQLite keeps beside a database; none of them may meet another database. */
export const companions = ["-wal", "-shm", "-journal"] as const;
/** The end of the name of a cache that `migrate` has not filled yet. */
export const UNFINISHED = ".migrating";
const NAME = "cache.db";

/** The path of the cache, below the state directory. */
export function cachePath(state: string): string {
  return join(state, NAME);
}

/** The same path, to be opened: it leads into the held directory even when that is renamed. */
export function pathIn(held: HeldDirectory): string {
  return entryPath(held, NAME);
}

/** True when there is a cache. @throws errno where that cannot be seen */
export function hasCache(state: string): boolean {
  return statSync(cachePath(state), { throwIfNoEntry: false }) !== undefined;
}

/**
 * Identity of the cache's file, which tells it from another one of its name; undefined when there
 * is none.
 * @throws errno
 */
export function cacheIdentity(state: string): string | undefined {
  const found = statSync(cachePath(state), { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

/** @throws Failure where there is a part of a cache, which a new one would take the place of */
export function checkMigrated(state: string, path: string): void {
  if (hasCache(state) || !existsSync(path + UNFINISHED)) return;
  const name = cachePath(state) + UNFINISHED;
  const cure = `run \`migrate --from\` again, which goes on with it, or remove it`;
  throw new Failure("CACHE_UNUSABLE", `${name} is a part of a cache: ${cure}`);
}

/**
 * The reason why the files are only a part of a cache, or undefined. SQLite would begin a new cache
 * in them.
 */
export function whyIncomplete(path: string): string | undefined {
  const sizeOf = (suffix: string) => statSync(path + suffix, { throwIfNoEntry: false })?.size;
  const size = sizeOf("");
  const hasLog = companions.some((suffix) => (sizeOf(suffix) ?? 0) > 0);
  if (size === undefined) return hasLog ? "it is gone, and its log is still there" : undefined;
  // What is cut of a page may be in the log; without one, SQLite would take zeros for it.
  const isCut = size < LEAST_BYTES || (size % PAGE_BYTES > 0 && !hasLog);
  return isCut ? `it is damaged: cut to ${size} bytes` : undefined;
}

/** Gives the files of a cache another name; returns what that ends with. `why` is a part of it. */
export function moveAside(path: string, why: string): string {
  const aside = `.${why}-${new Date().toISOString().replaceAll(":", "")}`;
  for (const suffix of ["", ...companions]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, path + aside + suffix);
  }
  return aside;
}
