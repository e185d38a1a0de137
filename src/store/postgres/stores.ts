import type { SortedLines } from "../ingest-store.ts";
import type { Store } from "../store.ts";
import { hostToShow, registerHost } from "./hosts.ts";
import { openDatabase, openExisting, openIfAny } from "./open.ts";
import { storeIn } from "./store.ts";
import { openTurns } from "./turns/turns.ts";
import { adoptUnsynced } from "./unsynced.ts";

export { holderIn, takeDatabaseLock } from "./lock.ts";

/** Options of opening the store in a database. */
export interface DatabaseOptions {
  readonly url: string;
  /** The state directory of this host. */
  readonly state: string;
  readonly createSortedLines: () => SortedLines;
}

/**
 * Opens the store in a database for work, which is shared with other hosts or not; makes its tables.
 * To be called with the lock. @throws Failure CACHE_UNUSABLE
 */
export async function storeToWork(
  { url, state, createSortedLines }: DatabaseOptions,
  isShared: boolean,
): Promise<Store> {
  const db = await openDatabase(url);
  try {
    const host = await registerHost(db, state);
    await adoptUnsynced(db, host);
    const turns = isShared ? await openTurns(url, host) : undefined;
    return storeIn(db, { host, turns }, createSortedLines);
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Opens the store in a database to look, or to change something. @throws Failure CACHE_UNUSABLE */
export async function storeToUse(options: DatabaseOptions): Promise<Store> {
  const db = await openExisting(options.url);
  return storeIn(db, { host: await hostToShow(db, options.state) }, options.createSortedLines);
}

/** The same; undefined where there are no tables yet. @throws Failure CACHE_UNUSABLE */
export async function storeIfAny(options: DatabaseOptions): Promise<Store | undefined> {
  const db = await openIfAny(options.url);
  if (db === undefined) return undefined;
  return storeIn(db, { host: await hostToShow(db, options.state) }, options.createSortedLines);
}
