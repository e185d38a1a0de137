import { chmodSync, renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { errorCode, errorMessage, Failure } from "../../errors.ts";
import { systemMessage } from "../../lake/errors.ts";
import { holdState, makeState } from "../../lake/state-directory.ts";
import {
  cachePath,
  checkMigrated,
  companions,
  hasCache,
  moveAside,
  pathIn,
  whyIncomplete,
} from "./cache-files.ts";
import { isDamaged } from "./errors.ts";
import { migrations } from "./schema.ts";

/** The SQLite database. */
export type Db = Database.Database;

/** A cache that is open for writing, and what opening it took. */
export interface OpenedCache {
  readonly db: Db;
  /** Set when a broken or newer cache was moved aside: its path now, and the reason. */
  readonly movedAside?: { readonly path: string; readonly reason: string };
}

const BUSY_MS = 5000;
/** Longest wait, when the cache is closed, for readers that are about to end, ms. */
const CLOSE_MS = 500;
/**
 * Pages of the log (64 MB) before it is written back: a page that is written often goes back once.
 */
const LOG_PAGES = 16_000;
/**
 * Opens the cache for the one process that writes it; makes it where it is missing. A broken one,
 * or one of a newer version, is moved aside and never deleted: it can be rebuilt from receipts.
 * @throws Failure CACHE_UNUSABLE when it is locked, or its directory cannot be written.
 */
export function openCache(state: string): OpenedCache {
  return translating(cachePath(state), () => {
    using held = makeState(state);
    const path = pathIn(held);
    checkMigrated(state, path);
    const remains = whyIncomplete(path);
    const found = remains ?? (hasCache(state) ? openUsable(path) : create(path));
    if (typeof found !== "string") return { db: found };
    const movedAside = { path: cachePath(state) + moveAside(path, "broken"), reason: found };
    return { db: create(path), movedAside };
  });
}

/**
 * Closes the cache and makes it one file again, without a write-ahead log: in that mode, those who
 * may only read it could not open it while no daemon runs, since they cannot make the log's files.
 * Left as it is beside a reader, and on a full disk.
 */
export function closeCache(db: Db): void {
  try {
    // A reader that stays, such as `list | less`, is not waited for.
    db.pragma(`busy_timeout = ${CLOSE_MS}`);
    db.pragma("journal_mode = DELETE");
  } catch (error) {
    // Moved: it was removed under the daemon, which has an error of its own for that.
    const isLeft = /^SQLITE_(READONLY_DBMOVED|FULL)$/.test(errorCode(error) ?? "");
    if (!isLeft && !isLocked(error)) throw cacheFailure(fileOf(db), error);
  } finally {
    db.close();
  }
}

/**
 * Opens the cache to look at, beside the daemon that writes it.
 * @throws Failure CACHE_UNUSABLE when there is none yet, or it cannot be read.
 */
export function openCacheToRead(state: string, busyMs = BUSY_MS): Db {
  return openExisting(state, true, busyMs);
}

/**
 * Opens the cache to change something in it, beside the daemon or without one; to be closed with
 * `closeCache`.
 * @throws Failure CACHE_UNUSABLE when there is none yet, or it cannot be read.
 */
export function openCacheToChange(state: string): Db {
  return openExisting(state, false, BUSY_MS);
}

/** Opens the cache to copy all that it has, brought to this version. @throws Failure CACHE_UNUSABLE */
export function openCacheToCopy(state: string): Db {
  const path = cachePath(state);
  return translating(path, () => {
    if (!hasCache(state)) throw noCache(path);
    using held = holdState(state);
    const found = whyIncomplete(pathIn(held)) ?? openUsable(pathIn(held));
    if (typeof found !== "string") return found;
    const cure = "the next start makes a new one of receipts and manifests";
    throw new Failure("CACHE_UNUSABLE", `${path}: ${found}; ${cure}`);
  });
}

function noCache(path: string): Failure {
  const message = `no cache at ${path}: has the sampler run with this prefix and state?`;
  return new Failure("CACHE_UNUSABLE", message);
}

function openExisting(state: string, readonly: boolean, timeout: number): Db {
  const path = cachePath(state);
  return translating(path, () => {
    if (!hasCache(state)) throw noCache(path);
    using held = holdState(state);
    const db = new Database(pathIn(held), { readonly, timeout });
    const version = versionOf(db);
    if (version === migrations.length) return db;
    db.close();
    const message = `${path} has version ${version}, this program ${migrations.length}`;
    throw new Failure("CACHE_UNUSABLE", `${message}: use the program that the daemon runs`);
  });
}

/** The version of a cache; closes a broken one before it throws. */
function versionOf(db: Db): number {
  try {
    return db.pragma("user_version", { simple: true }) as number;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Makes the cache under another name first: the remains of a crash are then no cache. */
function create(path: string): Db {
  const unfinished = `${path}.new`;
  for (const suffix of ["", ...companions]) rmSync(unfinished + suffix, { force: true });
  withTables(new Database(unfinished, { timeout: BUSY_MS })).close();
  renameSync(unfinished, path);
  return prepared(path, new Database(path, { timeout: BUSY_MS }));
}

/** A database with the tables of this version; closes it before it throws. */
export function withTables(db: Db): Db {
  try {
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function prepared(path: string, db: Db): Db {
  chmodSync(path, 0o640);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
  db.pragma("cache_size = -4096");
  db.pragma("temp_store = FILE");
  return db;
}

function migrate(db: Db): void {
  const version = db.pragma("user_version", { simple: true }) as number;
  db.transaction(() => {
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.pragma(`user_version = ${migrations.length}`);
  })();
}

/**
 * Opens an existing cache, or returns why it cannot be used; throws for a locked one. `quick_check`
 * would find torn pages, but not a page that was written to the place of another one; this costs a
 * fifth more.
 */
function openUsable(path: string): Db | string {
  const db = new Database(path, { timeout: BUSY_MS });
  let isUsable = false;
  try {
    const version = db.pragma("user_version", { simple: true }) as number;
    if (version > migrations.length) return `it is of a newer version (${version})`;
    const found = db.pragma("integrity_check(1)", { simple: true });
    if (found !== "ok") return `it is damaged: ${String(found)}`;
    migrate(db);
    prepared(path, db);
    isUsable = true;
    return db;
  } catch (error) {
    // SQLITE_ERROR: a file format that is unknown, or tables that are not those of its version.
    if (!isDamaged(error) && errorCode(error) !== "SQLITE_ERROR") throw error;
    return `it is damaged: ${errorMessage(error)}`;
  } finally {
    if (!isUsable) db.close();
  }
}

export function translating<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translated(path, error);
  }
}

/** Translates an error into a Failure for those who use the cache of this path. */
export function translated(path: string, error: unknown): Failure {
  return error instanceof Failure ? error : cacheFailure(path, error);
}

/** The file of a database, as SQLite resolved its path. */
function fileOf(db: Db): string {
  const [main] = db.pragma("database_list") as readonly { readonly file: string }[];
  return main?.file ?? db.name;
}

function cacheFailure(path: string, error: unknown): Failure {
  const message = `cannot use the cache ${path}: ${systemMessage(error)} (${hintFor(error)})`;
  return new Failure("CACHE_UNUSABLE", message, { cause: error });
}

function hintFor(error: unknown): string {
  if (isLocked(error)) return "another process holds it";
  if (isDamaged(error)) return "the next start moves it aside and rebuilds it";
  return accessHint(error) ?? "check owner, mode and free space";
}

/** Advice for the case that the state may not be used; undefined where something else is wrong. */
export function accessHint(error: unknown): string | undefined {
  return /^(EACCES|EPERM|EROFS|SQLITE_READONLY|SQLITE_CANTOPEN)/.test(errorCode(error) ?? "")
    ? "check owner, mode and mount: looking takes the service's group, changing its user, and under systemd ReadWritePaths="
    : undefined;
}

function isLocked(error: unknown): boolean {
  return errorCode(error)?.startsWith("SQLITE_BUSY") === true;
}
