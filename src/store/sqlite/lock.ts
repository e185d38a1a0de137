import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { errorCode, Failure } from "../../errors.ts";
import { systemMessage } from "../../lake/errors.ts";
import { entryPath } from "../../lake/held-directory.ts";
import { holdState, makeState } from "../../lake/state-directory.ts";
import { type DirectoryLock, lockDirectory } from "../../system/directory-lock.ts";
import { isRunning } from "../../system/is-running.ts";
import { isDamaged } from "./errors.ts";
import type { Holder, Lock } from "../types.ts";
import { accessHint, type Db } from "./open.ts";

const LOCK_FILE = "daemon.lock";

/** Time to wait for readers, which hold the lock for a moment, ms. */
const BUSY_MS = 500;

/**
 * Takes the lock of a state directory. It has two parts: the directory itself, which nobody removes
 * by mistake, and a transaction that stays open on a small database, which says who holds the lock.
 * Both end with the process, so a killed daemon leaves nothing to clean up.
 * @throws Failure ALREADY_RUNNING, naming who holds it; CACHE_UNUSABLE when the directory cannot be
 * written.
 */
export function takeLock(state: string): Lock {
  const directory = takeDirectory(state);
  let held: Held;
  try {
    held = holdFile(state);
  } catch (error) {
    directory?.release();
    throw error;
  }
  return {
    // The system gives it to nobody while we live.
    lost: new AbortController().signal,
    async keep() {
      if (fileIdentity(state) === held.identity) return undefined;
      const before = held;
      try {
        held = holdFile(state);
      } catch (error) {
        // A full disk, say. While the directory is locked nobody else can begin.
        const isOurs = directory !== undefined && errorCode(error) === "CACHE_UNUSABLE";
        if (isOurs) return undefined;
        throw error;
      }
      before.db.close();
      return `${LOCK_FILE} was removed or replaced`;
    },
    async release() {
      try {
        // In the transaction that is open: nobody can come in between.
        held.db.exec("DELETE FROM holder; COMMIT");
      } catch {
        // A full disk. To close it gives the lock back as well, and the row names a dead process.
      } finally {
        held.db.close();
        directory?.release();
      }
    },
  };
}

function takeDirectory(state: string): DirectoryLock | undefined {
  let taken: ReturnType<typeof lockDirectory>;
  try {
    using held = makeState(state);
    taken = lockDirectory(entryPath(held));
  } catch (error) {
    throw unusable(state, error);
  }
  if (taken === "taken") throw alreadyRunning(state, holderOf(state));
  return taken;
}

/** The lock's database, with a transaction open, and the identity of its file. */
interface Held {
  readonly db: Db;
  readonly identity: string | undefined;
}

function holdFile(state: string): Held {
  const db = openLock(state);
  try {
    db.exec("CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT, since TEXT)");
    db.exec("BEGIN IMMEDIATE");
    tellHolder(db);
    return { db, identity: fileIdentity(state) };
  } catch (error) {
    const isBusy = errorCode(error) === "SQLITE_BUSY";
    const failure = isBusy ? alreadyRunning(state, readHolder(db), error) : unusable(state, error);
    db.close();
    throw failure;
  }
}

function alreadyRunning(state: string, holder: Holder | undefined, cause?: unknown): Failure {
  const who =
    holder === undefined ? "" : ` (pid ${holder.pid} on ${holder.host} since ${holder.since})`;
  return new Failure("ALREADY_RUNNING", `another sampler uses ${state}${who}`, { cause });
}

/** Identity of the file that stands under the lock's name; undefined where there is none. */
function fileIdentity(state: string): string | undefined {
  const found = statSync(join(state, LOCK_FILE), { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

/**
 * Writes the holder's row. On a full disk the lock is taken all the same, and the row of the last
 * holder stays.
 */
function tellHolder(db: Db): void {
  try {
    db.exec("DELETE FROM holder");
    const insert = db.prepare("INSERT INTO holder VALUES (?, ?, ?)");
    insert.run(process.pid, hostname(), new Date().toISOString());
    db.exec("COMMIT; BEGIN IMMEDIATE");
  } catch (error) {
    if (errorCode(error) !== "SQLITE_FULL") throw error;
    if (!db.inTransaction) db.exec("BEGIN IMMEDIATE");
  }
}

function openLock(state: string): Db {
  try {
    using held = holdState(state);
    return new Database(entryPath(held, LOCK_FILE), { timeout: BUSY_MS });
  } catch (error) {
    throw unusable(state, error);
  }
}

function unusable(state: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const other = accessHint(error) ?? "check owner, mode and free space";
  const hint = isDamaged(error) ? "remove daemon.lock" : other;
  const message = `cannot use the state directory ${state}: ${systemMessage(error)} (${hint})`;
  return new Failure("CACHE_UNUSABLE", message, { cause: error });
}

/** Finds the holder of a state directory's lock; undefined when nobody has it. Writes nothing. */
export function holderOf(state: string): Holder | undefined {
  const path = join(state, LOCK_FILE);
  if (!existsSync(path)) return undefined;
  try {
    const db = new Database(path, { readonly: true, timeout: BUSY_MS });
    const holder = readHolder(db);
    db.close();
    return holder !== undefined && isAlive(holder) ? holder : undefined;
  } catch (error) {
    if (errorCode(error) === "SQLITE_CANTOPEN") return undefined;
    throw unusable(state, error);
  }
}

function readHolder(db: Db): Holder | undefined {
  const found = db.prepare("SELECT pid, host, since FROM holder").get();
  return found as Holder | undefined;
}

/**
 * True while a holder is alive: a killed daemon leaves its row, but no process. For another host we
 * trust the row.
 */
function isAlive({ pid, host }: Holder): boolean {
  return host !== hostname() || isRunning(pid);
}
