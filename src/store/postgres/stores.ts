import type { Closable, Source, Target } from "../copy/parts.ts";
import type { SortedLines } from "../ingest-store.ts";
import type { Store } from "../store.ts";
import type { Db } from "./connect.ts";
import { hostToShow, registerHost } from "./hosts.ts";
import { openDatabase, openExisting, openIfAny, openToFill, orClosed } from "./open.ts";
import { shownUrl } from "./shown-url.ts";
import { storeIn } from "./store.ts";
import { databaseTables, databaseToFill } from "./tables.ts";
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
  return await orClosed(db, url, async () => {
    const host = await registerHost(db, state);
    await adoptUnsynced(db, host);
    const turns = isShared ? await openTurns(url, host, db) : undefined;
    return storeIn(db, { host, turns }, createSortedLines);
  });
}

/** Opens the store in a database to look, or to change something. @throws Failure CACHE_UNUSABLE */
export async function storeToUse(options: DatabaseOptions): Promise<Store> {
  return storeOf(await openExisting(options.url), options);
}

/** The same; undefined where there are no tables yet. @throws Failure CACHE_UNUSABLE */
export async function storeIfAny(options: DatabaseOptions): Promise<Store | undefined> {
  const db = await openIfAny(options.url);
  return db && storeOf(db, options);
}

/** The tables of a database, to be read, until `close`. @throws Failure CACHE_UNUSABLE */
export async function openTables(url: string): Promise<Closable<Source>> {
  const db = await openExisting(url);
  return { ...databaseTables(db, shownUrl(url)), close: () => db.close() };
}

/** The tables of a database that is to be filled; makes them. @throws Failure CACHE_UNUSABLE */
export async function openTablesToFill(url: string): Promise<Closable<Target>> {
  const db = await openToFill(url);
  return { ...databaseToFill(db, shownUrl(url)), close: () => db.close() };
}

function storeOf(db: Db, { url, state, createSortedLines }: DatabaseOptions): Promise<Store> {
  return orClosed(db, url, async () =>
    storeIn(db, { host: await hostToShow(db, state) }, createSortedLines),
  );
}
