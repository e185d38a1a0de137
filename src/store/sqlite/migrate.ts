import { existsSync, renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { Failure } from "../../errors.ts";
import { holdState, makeState } from "../../lake/state-directory.ts";
import type { Closable, Source, Target } from "../copy/parts.ts";
import { isDamaged } from "./errors.ts";
import { cachePath, companions, hasCache, moveAside, pathIn, UNFINISHED } from "./cache-files.ts";
import { closeCache, type Db, openCacheToCopy, prepared, translating, withTables } from "./open.ts";
import { cacheTables, cacheToFill } from "./tables.ts";

/** The tables of a state directory's cache, to be read, until `close`. @throws Failure CACHE_UNUSABLE */
export function openCacheTables(state: string): Closable<Source> {
  const db = openCacheToCopy(state);
  return { ...cacheTables(db, state), close: async () => closeCache(db) };
}

/**
 * The tables of a cache that is to be filled; it has its name only once it is whole. To be called with
 * the lock. @throws Failure CACHE_UNUSABLE, also where there is a cache
 */
export function openCacheToFill(state: string): Closable<Target> {
  const name = cachePath(state);
  return translating(name, () => {
    const held = makeState(state);
    const path = pathIn(held);
    if (hasCache(state)) {
      held[Symbol.dispose]();
      throw new Failure("CACHE_UNUSABLE", `there is a cache at ${name}: move it away`);
    }
    const unfinished = `${path}${UNFINISHED}`;
    const db = prepared(unfinished, goOnIn(unfinished));
    const target = cacheToFill(db, state);
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (isOpen) closeCache(db);
      isOpen = false;
    };
    return {
      ...target,
      howToClear: `remove ${name}${UNFINISHED}`,
      async finish(facts, from) {
        await target.finish(facts, from);
        await close();
        renameSync(unfinished, path);
      },
      async close() {
        await close();
        held[Symbol.dispose]();
      },
    };
  });
}

/** Opens what is there of a cache that is not whole; begins a new one where that is of no use. */
function goOnIn(path: string): Db {
  if (existsSync(path)) {
    try {
      return withTables(new Database(path));
    } catch (error) {
      if (!isDamaged(error)) throw error;
      for (const suffix of ["", ...companions]) rmSync(path + suffix, { force: true });
    }
  }
  return withTables(new Database(path));
}

/** Gives a cache another name, since its work goes on elsewhere; returns its path. @throws Failure CACHE_UNUSABLE */
export function retireCache(state: string): string {
  return translating(cachePath(state), () => {
    using held = holdState(state);
    return cachePath(state) + moveAside(pathIn(held), "migrated");
  });
}
