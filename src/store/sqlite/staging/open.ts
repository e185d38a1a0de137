import { chmodSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { errorCode, Failure } from "../../../errors.ts";
import { systemMessage } from "../../../lake/errors.ts";
import { entryPath } from "../../../lake/held-directory.ts";
import { makeState } from "../../../lake/state-directory.ts";
import type { StagingStore } from "../../staging-store.ts";
import { isDamaged } from "../errors.ts";
import { accessHint, type Db } from "../open.ts";
import { documents } from "./documents.ts";
import { stagedFiles } from "./files.ts";
import { groupWrites } from "./group-writes.ts";
import { leases } from "./leases.ts";
import { runs } from "./runs.ts";
import { stagingMigrations } from "./schema.ts";

const NAME = "staging.db";
/** Others that write are waited for, ms. */
const BUSY_MS = 10_000;

/**
 * Opens `staging.db`; makes it where it is missing. A damaged one is moved aside: all that it knows
 * can be found again.
 * @throws Failure CACHE_UNUSABLE
 */
export function openStaging(state: string): StagingStore {
  const path = join(state, NAME);
  const db = translating(path, () => {
    using held = makeState(state);
    return opened(entryPath(held, NAME));
  });
  const write = groupWrites(db);
  const guarded = <T extends object>(part: T): T => withTranslation(part, path);
  return {
    files: guarded(stagedFiles(db, write)),
    leases: guarded(leases(db, write)),
    runs: guarded(runs(db)),
    documents: guarded(documents(db)),
    async close() {
      // What was asked for before.
      await write(() => {});
      db.close();
    },
  };
}

/** True where there is a `staging.db`. */
export function hasStaging(state: string): boolean {
  return existsSync(join(state, NAME));
}

function opened(path: string): Db {
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    const aside = `${path}.broken-${new Date().toISOString().replaceAll(":", "")}`;
    for (const suffix of ["", "-wal", "-shm"])
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    return prepared(path);
  }
}

function prepared(path: string): Db {
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    chmodSync(path, 0o640);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma("foreign_keys = ON");
    // Others may be making it at the same moment.
    db.transaction(() => migrate(db)).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Db): void {
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version > stagingMigrations.length) {
    const message = `${db.name} is of a newer version (${version}): use the program that made it`;
    throw new Failure("CACHE_UNUSABLE", message);
  }
  for (const migration of stagingMigrations.slice(version)) db.exec(migration);
  db.pragma(`user_version = ${stagingMigrations.length}`);
}

/** The same functions, with errors that say what they mean. */
function withTranslation<T extends object>(part: T, path: string): T {
  const entries = Object.entries(part).map(([name, work]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (work as (...args: unknown[]) => Promise<unknown>)(...args);
      } catch (error) {
        throw meaning(error, path);
      }
    },
  ]);
  return Object.fromEntries(entries) as T;
}

function translating<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw meaning(error, path);
  }
}

function meaning(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error;
  const isLocked = errorCode(error)?.startsWith("SQLITE_BUSY") === true;
  const hint = isLocked ? "another process holds it" : accessHint(error);
  const message = `cannot use ${path}: ${systemMessage(error)} (${hint ?? "check owner, mode and free space"})`;
  return new Failure("CACHE_UNUSABLE", message, { cause: error });
}
