import { cacheIdentity, type Db, openCacheToRead } from "../../store/sqlite/open.ts";
import { errorMessage, Failure, isSqliteError } from "../../errors.ts";

/** The cache, to read beside the daemon. */
export interface CacheReader {
  /** Opened when it is needed, and again when it was replaced. @throws Failure CACHE_UNUSABLE */
  cache(): Db;
  /** Closes the cache; the next question opens it again. */
  drop(): void;
}

/** Less than the daemon waits for a sign of life. */
const BUSY_MS = 1000;

/** Makes a reader; nothing is opened yet. */
export function createCacheReader(state: string): CacheReader {
  let db: Db | undefined;
  let identity: string | undefined;

  return { cache, drop };

  function cache(): Db {
    const found = identityNow(state);
    if (db !== undefined && found === identity) return db;
    drop();
    db = openCacheToRead(state);
    db.pragma(`busy_timeout = ${BUSY_MS}`);
    identity = found;
    return db;
  }

  function drop(): void {
    db?.close();
    db = undefined;
  }
}

/** Whether an error is the cache's, and says nothing about the request. */
export function isCacheError(error: unknown): boolean {
  if (error instanceof Failure) return error.code === "CACHE_UNUSABLE";
  return isSqliteError(error);
}

function identityNow(state: string): string | undefined {
  try {
    return cacheIdentity(state);
  } catch (error) {
    throw new Failure("CACHE_UNUSABLE", `cannot look at ${state}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
