import type { SortedLines } from "../ingest-store.ts";
import type { Store } from "../store.ts";
import { openDatabase, openExisting, openIfAny } from "./open.ts";
import { storeIn } from "./store.ts";

export { holderIn, takeDatabaseLock } from "./lock.ts";

/** Opens the store in a database for work; makes its tables. @throws Failure CACHE_UNUSABLE */
export async function storeToWork(
  url: string,
  createSortedLines: () => SortedLines,
): Promise<Store> {
  return storeIn(await openDatabase(url), createSortedLines);
}

/** Opens the store in a database to look, or to change something. @throws Failure CACHE_UNUSABLE */
export async function storeToUse(
  url: string,
  createSortedLines: () => SortedLines,
): Promise<Store> {
  return storeIn(await openExisting(url), createSortedLines);
}

/** The same; undefined where there are no tables yet. @throws Failure CACHE_UNUSABLE */
export async function storeIfAny(
  url: string,
  createSortedLines: () => SortedLines,
): Promise<Store | undefined> {
  const db = await openIfAny(url);
  return db && storeIn(db, createSortedLines);
}
