import { pathBelow } from "../../lib/path-below.ts";
import { joinNames, splitNames } from "../../raw/names.ts";
import type { ListedPage, ListingEnd } from "../../raw/types.ts";
import type { RawBatch, RawStore, RawTaken } from "../raw-store.ts";
import type { Db, Sql } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { changeFiles } from "./file-rows.ts";
import { storedPath } from "../paths.ts";
import {
  directoriesOf,
  namesIn,
  noteDirectories,
  removeDirectory,
  saveDirectories,
  saveNames,
} from "./raw-directories.ts";
import { endResting, readyFiles } from "./resting.ts";
import { takeFiles } from "./take-files.ts";

/** Files that are missed by one statement. */
const MISSED_AT_ONCE = 10_000;

/** The part of a database for those who look at raw files. */
export function rawStore(db: Db): RawStore {
  const { ensure, idOf } = datasetsOf(db);
  return {
    directories: async (dataset) => directoriesOf(db, await idOf(dataset)),
    namesIn: async (dataset, path) => namesIn(db, await idOf(dataset), path),
    async take(batch, now) {
      const dataset = await ensure(batch.dataset);
      return await db.transaction((sql) => take(sql, dataset, batch, now));
    },
    async removeDirectory(dataset, path, now) {
      const id = await idOf(dataset);
      await db.transaction((sql) => forgetDirectory(sql, id, path, now));
    },
  };
}

async function take(sql: Sql, dataset: number, batch: RawBatch, now: number): Promise<RawTaken> {
  const files = await readyFiles(sql, dataset, batch, now);
  const taken = await takeFiles(sql, dataset, { files, expectedFor: batch.expectedFor, now });
  const ended = batch.pages.filter((page) => page.end !== undefined) as readonly Ended[];
  if (ended.length > 0) await remember(sql, dataset, ended, now);
  return taken;
}

/** The last page of a directory. */
type Ended = ListedPage & { readonly end: ListingEnd };

/** Remembers directories. Files that have to stay as they are count as not known yet. */
async function remember(
  sql: Sql,
  dataset: number,
  pages: readonly Ended[],
  now: number,
): Promise<void> {
  const gone = pages.flatMap(({ path, end }) => end.gone.map((name) => pathBelow(path, name)));
  await miss(sql, dataset, gone, now);
  const listed = pages.map(({ path, end }) => ({ path, listedAt: end.directory.listedAt }));
  const awaited = await endResting(sql, dataset, listed);
  await saveDirectories(
    sql,
    dataset,
    pages.map(({ path, end: { directory } }) => ({
      path,
      state: awaited.has(path) ? "" : directory.state,
      listedAt: directory.listedAt,
    })),
  );
  const names = new Map<string, string>();
  for (const { path, end } of pages)
    if (end.names !== undefined) names.set(path, without(awaited.get(path), end.names));
  await saveNames(sql, dataset, names);
  // Whatever ends the look before it comes to them, the next one does.
  const below = pages.flatMap(({ end }) => end.directories);
  await noteDirectories(sql, dataset, below);
}

function without(left: ReadonlySet<string> | undefined, names: string): string {
  if (left === undefined) return names;
  return joinNames(splitNames(names).filter((name) => !left.has(name)));
}

async function forgetDirectory(
  sql: Sql,
  dataset: number,
  path: string,
  now: number,
): Promise<void> {
  const names = splitNames(await namesIn(sql, dataset, path));
  const raws = names.map((name) => pathBelow(path, name));
  await miss(sql, dataset, raws, now);
  await endResting(sql, dataset, [{ path, listedAt: Infinity }]);
  await removeDirectory(sql, dataset, path);
}

/** Notes that files are missed that were found by looking. `now` is ms since epoch. */
async function miss(
  sql: Sql,
  dataset: number,
  raws: readonly string[],
  now: number,
): Promise<void> {
  const all = [...new Set(raws.map(storedPath))];
  for (let at = 0; at < all.length; at += MISSED_AT_ONCE) {
    const some = all.slice(at, at + MISSED_AT_ONCE);
    await changeFiles(sql, {
      rows: some.map((raw) => ({ key: { dataset, raw } })),
      given: [],
      set: "gone_at = $3",
      where: "files.inode IS NOT NULL AND files.gone_at IS NULL",
      now,
    });
  }
}
