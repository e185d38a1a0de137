import {
  cachePath,
  closeCache,
  hasCache,
  openCache,
  openCacheToChange,
  openCacheToRead,
  translated,
} from "./sqlite/open.ts";
import { storeIn } from "./sqlite/store.ts";
import type { Store } from "./store.ts";

export { isDamaged, isFull, isSqliteError as isStoreError } from "./sqlite/errors.ts";
export { holderOf, type Lock, takeLock } from "./sqlite/lock.ts";
export { cacheIdentity, cachePath, hasCache } from "./sqlite/open.ts";
export { createPathSet } from "./sqlite/path-set.ts";
export { createSortedLines } from "./sqlite/sorted-lines.ts";
export { openSearchIndex, openSearchIndexToRead } from "./sqlite/search/open.ts";
export { hasStaging, openStaging } from "./sqlite/staging/open.ts";

/** A store that is open for writing, and what opening it took. */
export interface OpenedStore {
  readonly store: Store;
  /** Set when a broken or newer cache was moved aside: its path now, and the reason. */
  readonly movedAside?: { readonly path: string; readonly reason: string };
}

/** Options of reading a store. */
export interface ReadOptions {
  /** Longest wait for another process that writes, ms. */
  readonly busyMs?: number;
}

/** Opens the store for the one process that works on it. @throws Failure, as `openCache` */
export function openStore(state: string): OpenedStore {
  const { db, ...opened } = openCache(state);
  return { store: storeIn(db, closeCache), ...opened };
}

/** Opens the store to look at, beside the daemon that writes it. @throws Failure CACHE_UNUSABLE */
export function openStoreToRead(state: string, { busyMs }: ReadOptions = {}): Store {
  const db = openCacheToRead(state, busyMs);
  return storeIn(db, () => db.close());
}

/** The same; undefined where there is none yet. @throws Failure CACHE_UNUSABLE */
export function openStoreIfAny(state: string): Store | undefined {
  return isThere(state) ? openStoreToRead(state) : undefined;
}

/** Opens the store to change something, beside the daemon or without one. @throws Failure CACHE_UNUSABLE */
export function openStoreToChange(state: string): Store {
  return storeIn(openCacheToChange(state), closeCache);
}

/** Changes something in a few short writes, and closes the store again. @throws Failure CACHE_UNUSABLE */
export async function changeStore<T>(
  state: string,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = openStoreToChange(state);
  try {
    return await work(store);
  } catch (error) {
    throw translated(cachePath(state), error);
  } finally {
    await store.close();
  }
}

/** Copies the store, where there is one, to another state directory. @throws Failure CACHE_UNUSABLE */
export async function copyStore(from: string, to: string): Promise<void> {
  if (!isThere(from)) return;
  const db = openCacheToRead(from);
  try {
    await db.backup(cachePath(to));
  } finally {
    db.close();
  }
}

function isThere(state: string): boolean {
  try {
    return hasCache(state);
  } catch {
    // To open it fails in the same way, and says so.
    return true;
  }
}
