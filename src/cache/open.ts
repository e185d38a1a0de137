import { chmodSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { migrations } from "./schema.ts";

/** The SQLite database. */
export type Db = Database.Database;

/** A cache that is open for writing, and what had to be done for that. */
export interface OpenedCache {
  readonly db: Db;
  /** Set when a broken or newer cache was moved aside: where it is now, and why. */
  readonly movedAside?: { readonly path: string; readonly reason: string };
}

const BUSY_MS = 5000;

/** Where the cache is, below the state directory. */
export function cachePath(state: string): string {
  return join(state, "cache.db");
}

/** Whether there is a cache. @throws errno where that cannot be seen */
export function hasCache(state: string): boolean {
  return statSync(cachePath(state), { throwIfNoEntry: false }) !== undefined;
}

/**
 * Opens the cache for the one process that writes it; makes it where it is missing. A broken one,
 * or one of a newer version, is moved aside and never deleted: it can be rebuilt from receipts.
 * @throws Failure CACHE_UNUSABLE when it is locked, or its directory cannot be written.
 */
export function openCache(state: string): OpenedCache {
  const path = cachePath(state);
  return translated(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    const reason = existsSync(path) ? whyUnusable(path) : undefined;
    if (reason === undefined) return { db: prepared(path) };
    const aside = `${path}.broken-${new Date().toISOString().replaceAll(":", "")}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    return { db: prepared(path), movedAside: { path: aside, reason } };
  });
}

/**
 * Closes the cache so that it is one file again: without the files of the write-ahead log, those
 * who may only read it could not open it while no daemon runs. Left as it is beside a reader.
 */
export function closeCache(db: Db): void {
  try {
    db.pragma("journal_mode = DELETE");
  } catch (error) {
    if (errorCode(error)?.startsWith("SQLITE_BUSY") !== true) throw error;
  } finally {
    db.close();
  }
}

/**
 * Opens the cache to look at, beside the daemon that writes it.
 * @throws Failure CACHE_UNUSABLE when there is none yet, or it cannot be read.
 */
export function openCacheToRead(state: string): Db {
  return openExisting(state, true);
}

/**
 * Does a few short writes beside the daemon or without one, and closes the cache again.
 * @throws Failure CACHE_UNUSABLE when there is none yet, it is locked, or cannot be written.
 */
export function changeCache<T>(state: string, work: (db: Db) => T): T {
  const db = openExisting(state, false);
  try {
    return translated(cachePath(state), () => work(db));
  } finally {
    closeCache(db);
  }
}

function openExisting(state: string, readonly: boolean): Db {
  const path = cachePath(state);
  return translated(path, () => {
    if (!hasCache(state)) {
      const message = `no cache at ${path}: has the sampler run with this prefix and state?`;
      throw new Failure("CACHE_UNUSABLE", message);
    }
    const db = new Database(path, { readonly, timeout: BUSY_MS });
    const version = versionOf(db);
    if (version === migrations.length) return db;
    db.close();
    const message = `${path} has version ${version}, this program ${migrations.length}`;
    throw new Failure("CACHE_UNUSABLE", `${message}: use the program that the daemon runs`);
  });
}

/** The version of a cache; one that is broken is closed before that is told. */
function versionOf(db: Db): number {
  try {
    return db.pragma("user_version", { simple: true }) as number;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepared(path: string): Db {
  const db = new Database(path, { timeout: BUSY_MS });
  chmodSync(path, 0o640);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.pragma("cache_size = -8192");
  db.pragma("temp_store = FILE");
  const version = db.pragma("user_version", { simple: true }) as number;
  db.transaction(() => {
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.pragma(`user_version = ${migrations.length}`);
  })();
  return db;
}

/** Why an existing cache cannot be used, or undefined. A locked one is no reason: that throws. */
function whyUnusable(path: string): string | undefined {
  let db: Db | undefined;
  try {
    db = new Database(path, { timeout: BUSY_MS });
    const version = db.pragma("user_version", { simple: true }) as number;
    if (version > migrations.length) return `it is of a newer version (${version})`;
    const found = db.pragma("quick_check(1)", { simple: true });
    return found === "ok" ? undefined : `it is damaged: ${String(found)}`;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return `it is damaged: ${errorMessage(error)}`;
    throw error;
  } finally {
    db?.close();
  }
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const locked = errorCode(error)?.startsWith("SQLITE_BUSY") === true;
    const hint = locked ? "another process holds it" : "check owner, mode and free space";
    const message = `cannot use the cache ${path}: ${errorMessage(error)} (${hint})`;
    throw new Failure("CACHE_UNUSABLE", message, { cause: error });
  }
}
