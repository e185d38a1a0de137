import { makeState } from "../lake/state-directory.ts";
import {
  hintFor as databaseHint,
  isPostgresError,
  translated as databaseFailure,
} from "./postgres/errors.ts";
import { shownUrl } from "./postgres/shown-url.ts";
import { isDamaged, isFull, isSqliteError } from "./sqlite/errors.ts";
import { holderOf as holderOfState, takeLock as takeStateLock } from "./sqlite/lock.ts";
import { cacheIdentity, cachePath, hasCache } from "./sqlite/cache-files.ts";
import {
  closeCache,
  openCache,
  openCacheToChange,
  openCacheToRead,
  translated as cacheFailure,
} from "./sqlite/open.ts";
import { createSortedLines } from "./sqlite/sorted-lines.ts";
import { storeIn } from "./sqlite/store.ts";
import type { Store } from "./store.ts";
import type { Holder, Lock, StorePlace } from "./types.ts";

/** PostgreSQL's driver is loaded where there is a database, and not before. */
const postgres = () => import("./postgres/stores.ts");

export { createSortedLines, isDamaged, isFull };
export { createPathSet } from "./sqlite/path-set.ts";
export { openSearchIndex, openSearchIndexToRead } from "./sqlite/search/open.ts";
export { hasStaging, openStaging } from "./sqlite/staging/open.ts";

/** A store that is open for writing, and what opening it took. */
export interface OpenedStore {
  readonly store: Store;
  /** Set when a broken or newer cache was moved aside: its path now, and the reason. */
  readonly movedAside?: { readonly path: string; readonly reason: string };
}

/** Options of working on a store. */
export interface WorkOptions {
  /** True where other hosts may do a part of the work: only in a database. */
  readonly isShared?: boolean;
}

/** Options of reading a store. */
export interface ReadOptions {
  /** Longest wait for another process that writes, ms. */
  readonly busyMs?: number;
}

/** Opens the store for a process that works on it. @throws Failure CACHE_UNUSABLE, as `openCache` */
export async function openStore(
  { state, database }: StorePlace,
  { isShared = false }: WorkOptions = {},
): Promise<OpenedStore> {
  if (database !== undefined) {
    prepareState(state);
    const options = optionsOf(database, state);
    return { store: await (await postgres()).storeToWork(options, isShared) };
  }
  const { db, ...opened } = openCache(state);
  return { store: storeIn(db, closeCache), ...opened };
}

/** Opens the store to look at, beside the daemon that writes it. @throws Failure CACHE_UNUSABLE */
export async function openStoreToRead(
  { state, database }: StorePlace,
  { busyMs }: ReadOptions = {},
): Promise<Store> {
  if (database !== undefined) return (await postgres()).storeToUse(optionsOf(database, state));
  const db = openCacheToRead(state, busyMs);
  return storeIn(db, () => db.close());
}

/** The same; undefined where there is none yet. @throws Failure CACHE_UNUSABLE */
export async function openStoreIfAny(place: StorePlace): Promise<Store | undefined> {
  const { state, database } = place;
  if (database !== undefined) return (await postgres()).storeIfAny(optionsOf(database, state));
  return isThere(state) ? openStoreToRead(place) : undefined;
}

/** Opens the store to change something, beside the daemon or without one. @throws Failure CACHE_UNUSABLE */
export async function openStoreToChange({ state, database }: StorePlace): Promise<Store> {
  if (database !== undefined) return (await postgres()).storeToUse(optionsOf(database, state));
  return storeIn(openCacheToChange(state), closeCache);
}

/** Changes something in a few short writes, and closes the store again. @throws Failure CACHE_UNUSABLE */
export async function changeStore<T>(
  place: StorePlace,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStoreToChange(place);
  try {
    return await work(store);
  } catch (error) {
    throw place.database === undefined
      ? cacheFailure(cachePath(place.state), error)
      : databaseFailure(shownUrl(place.database), error);
  } finally {
    await store.close();
  }
}

/** Copies the cache, where there is one, to another state directory. @throws Failure CACHE_UNUSABLE */
export async function copyCache(from: string, to: string): Promise<void> {
  if (!isThere(from)) return;
  const db = openCacheToRead(from);
  try {
    await db.backup(cachePath(to));
  } finally {
    db.close();
  }
}

/**
 * Takes the right to be the one process that works on the store; or, of a database, one of several
 * hosts that share the work. On one host, a state directory is for one process.
 * @throws Failure ALREADY_RUNNING, naming who has it; CACHE_UNUSABLE
 */
export async function takeLock(
  { state, database }: StorePlace,
  { isShared = false }: WorkOptions = {},
): Promise<Lock> {
  const ofState = takeStateLock(state);
  if (database === undefined) return ofState;
  try {
    const ofDatabase = await (await postgres()).takeDatabaseLock(database, { state, isShared });
    return {
      get lost() {
        return ofDatabase.lost;
      },
      keep: async () => (await ofState.keep()) ?? (await ofDatabase.keep()),
      release: () => ofDatabase.release().finally(ofState.release),
    };
  } catch (error) {
    await ofState.release();
    throw error;
  }
}

/**
 * Finds the process that works on the store, of several hosts the first one; undefined when none does.
 * @throws Failure CACHE_UNUSABLE
 */
export async function holderOf({ state, database }: StorePlace): Promise<Holder | undefined> {
  return database === undefined ? holderOfState(state) : (await postgres()).holderIn(database);
}

/** Name of the store for people: the path of its file, or the URL of its database. */
export function storeName({ state, database }: StorePlace): string {
  return database === undefined ? cachePath(state) : shownUrl(database);
}

/**
 * Identity of the store, which tells it from another one of its name; undefined when there is none.
 * @throws errno
 */
export function storeIdentity({ state, database }: StorePlace): string | undefined {
  return database ?? cacheIdentity(state);
}

/** True where opening the store would not make it. @throws errno where that cannot be seen */
export function hasStore({ state, database }: StorePlace): boolean {
  return database !== undefined || hasCache(state);
}

/** The files of a cache, on this machine; none where the store is a database. */
export function storeFiles({
  state,
  database,
}: StorePlace): Readonly<Record<"db" | "wal", string>> | undefined {
  if (database !== undefined) return undefined;
  const db = cachePath(state);
  return { db, wal: `${db}-wal` };
}

/** True when an error came from what the store is kept in. */
export function isStoreError(error: unknown): boolean {
  return isSqliteError(error) || isPostgresError(error);
}

/** Advice for people at an error that came from what the store is kept in. */
export function storeHint(error: unknown): string {
  return isPostgresError(error)
    ? databaseHint(error)
    : "check owner, mode and free space; the next start moves a damaged one aside";
}

/** Makes the state directory: threads note there what they work on. @throws Failure CACHE_UNUSABLE */
function prepareState(state: string): void {
  try {
    makeState(state)[Symbol.dispose]();
  } catch (error) {
    throw cacheFailure(state, error);
  }
}

function optionsOf(url: string, state: string) {
  return { url, state, createSortedLines };
}

function isThere(state: string): boolean {
  try {
    return hasCache(state);
  } catch {
    // To open it fails in the same way, and says so.
    return true;
  }
}
