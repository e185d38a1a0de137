import { type Db, hasCache, openCacheToRead } from "./open.ts";

/**
 * Opens the cache to look at; undefined where there is none yet.
 * @throws Failure CACHE_UNUSABLE, also where it cannot be seen whether there is one
 */
export function openCacheIfAny(state: string): Db | undefined {
  try {
    if (!hasCache(state)) return undefined;
  } catch {
    // To open it fails in the same way, and says so.
  }
  return openCacheToRead(state);
}
