import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { errorMessage, Failure } from "../../../errors.ts";
import { entryPath } from "../../../lake/held-directory.ts";
import { holdState, makeState } from "../../../lake/state-directory.ts";
import type { SearchIndex } from "../../search-index.ts";
import { isDamaged } from "../errors.ts";
import { accessHint, type Db } from "../open.ts";
import { searchIndexIn } from "./search-index.ts";

const NAME = "search.db";
const VERSION = 1;
/** Longest wait for another process that adds to it, ms. */
const BUSY_MS = 10_000;

const schema = `
  CREATE TABLE samples (
    id INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    raw TEXT NOT NULL,
    at INTEGER NOT NULL,            -- ms
    failed INTEGER NOT NULL,        -- 1 where it could not be looked at
    UNIQUE (dataset, raw)
  ) STRICT;
  CREATE INDEX failed ON samples (dataset) WHERE failed = 1;
  CREATE TABLE reached (
    dataset TEXT PRIMARY KEY,
    at INTEGER NOT NULL             -- ms
  ) STRICT, WITHOUT ROWID;
  -- The numbers of words, by the sample's id. Neither words nor their places are kept.
  CREATE VIRTUAL TABLE words USING fts5(
    numbers, content='', contentless_delete=1, detail=none, tokenize='ascii'
  );
  PRAGMA user_version = ${VERSION};
`;

/** True where there is an index. */
function hasSearchIndex(state: string): boolean {
  return existsSync(join(state, NAME));
}

/** Opens the index to search; undefined where there is none. @throws Failure CACHE_UNUSABLE */
export function openSearchIndexToRead(state: string): SearchIndex | undefined {
  if (!hasSearchIndex(state)) return undefined;
  return translating(state, () => {
    using held = holdState(state);
    const db = new Database(entryPath(held, NAME), { readonly: true, timeout: BUSY_MS });
    try {
      if (versionOf(db) === VERSION) return searchIndexIn(db);
    } catch (error) {
      db.close();
      throw error;
    }
    db.close();
    return undefined;
  });
}

/**
 * Opens the index to add to it. Makes an empty one where there is none, or where it is damaged or of
 * another version: the samples fill it again.
 * @throws Failure CACHE_UNUSABLE
 */
export function openSearchIndex(state: string): SearchIndex {
  return translating(state, () => {
    using held = makeState(state);
    const path = entryPath(held, NAME);
    return searchIndexIn(usable(path) ?? created(path));
  });
}

function usable(path: string): Db | undefined {
  if (!existsSync(path)) return undefined;
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    if (versionOf(db) === VERSION) return db;
  } catch (error) {
    if (!isDamaged(error)) throw error;
  }
  db.close();
  return undefined;
}

function created(path: string): Db {
  for (const suffix of ["", "-journal"]) rmSync(path + suffix, { force: true });
  const db = new Database(path, { timeout: BUSY_MS });
  chmodSync(path, 0o640);
  db.transaction(() => db.exec(schema))();
  return db;
}

function versionOf(db: Db): unknown {
  return db.pragma("user_version", { simple: true });
}

function translating<T>(state: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const hint = accessHint(error) ?? "it can be removed: `search --index` makes it again";
    const message = `cannot use the index ${join(state, NAME)}: ${errorMessage(error)} (${hint})`;
    throw new Failure("CACHE_UNUSABLE", message, { cause: error });
  }
}
