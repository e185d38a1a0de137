import type { Closable, Source, Target } from "./copy/parts.ts";
import { copyAll, type OnRows, rowsToCopy } from "./copy/copy.ts";
import { filesTable } from "./copy/tables.ts";
import { takeLock } from "./open.ts";
import { openCacheTables, openCacheToFill, retireCache } from "./sqlite/migrate.ts";

/** PostgreSQL's driver is loaded where there is a database, and not before. */
const postgres = () => import("./postgres/stores.ts");

/** A migration: of the cache of a state directory to a database, or back. */
export interface Migration {
  readonly state: string;
  readonly database: string;
  readonly to: "database" | "cache";
  /** Called with the number of rows that were copied or compared, and that of all. */
  readonly onRows: (done: number, all: number) => void;
}

/** The result: each table has the same number of rows, and the same checksum, in both stores. */
export interface Migrated {
  /** Names of the stores, for people. */
  readonly from: string;
  readonly to: string;
  readonly entries: number;
  /** Rows of all tables. */
  readonly rows: number;
  /** Path at which the cache is kept that nobody uses any more; null for a database, which stays. */
  readonly keptAs: string | null;
}

/**
 * Takes all that is known from a cache to a database, or back. Where it ends early, nothing but
 * migrating again can open the part that is there.
 * @throws Failure ALREADY_RUNNING; CACHE_UNUSABLE, also where the target knows of something already
 */
export async function migrate({ state, database, to, onRows }: Migration): Promise<Migrated> {
  const lock = await takeLock({ state, database });
  try {
    const { openTables, openTablesToFill } = await postgres();
    if (to === "cache")
      return await copy(await openTables(database), () => openCacheToFill(state), onRows);
    const cache = openCacheTables(state);
    const migrated = await copy(cache, () => openTablesToFill(database), onRows);
    return { ...migrated, keptAs: retireCache(state) };
  } finally {
    await lock.release();
  }
}

async function copy(
  from: Closable<Source>,
  openTarget: () => Closable<Target> | Promise<Closable<Target>>,
  onRows: Migration["onRows"],
): Promise<Migrated> {
  try {
    const to = await openTarget();
    try {
      const rows = await rowsToCopy(from);
      // Each is copied, and compared.
      let done = 0;
      const count: OnRows = (more) => onRows((done += more), 2 * rows);
      await copyAll(from, to, count);
      const entries = await from.count(filesTable);
      return { from: from.name, to: to.name, entries, rows, keptAs: null };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}
