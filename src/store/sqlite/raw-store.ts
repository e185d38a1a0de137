import type { ListingEnd, RawDirectory } from "../../raw/types.ts";
import { pathBelow } from "../../lib/path-below.ts";
import { pathBytes, pathText } from "../../lib/pep383.ts";
import { joinNames, splitNames } from "../../raw/names.ts";
import type { RawBatch, RawStore, RawTaken } from "../raw-store.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";
import { restingOf } from "./resting.ts";
import { takeFilesOf } from "./take-files.ts";

/** The part of a cache for those who look at raw files. */
export function rawStore(db: Db): RawStore {
  const { ensure, idOf } = datasetsOf(db);
  const takeFiles = takeFilesOf(db);
  const resting = restingOf(db);
  const all = db.prepare(
    "SELECT path, state, listed_at AS listedAt FROM raw_directories WHERE dataset = ?",
  );
  const names = db
    .prepare("SELECT names FROM raw_names WHERE dataset = ? AND directory = ?")
    .pluck();
  const save = db.prepare(
    `INSERT OR REPLACE INTO raw_directories (dataset, path, state, listed_at) VALUES (?, ?, ?, ?)`,
  );
  const saveNames = db.prepare(
    "INSERT OR REPLACE INTO raw_names (dataset, directory, names) VALUES (?, ?, ?)",
  );
  const note = db.prepare(
    `INSERT OR IGNORE INTO raw_directories (dataset, path, state, listed_at) VALUES (?, ?, '', 0)`,
  );
  const remove = db.prepare("DELETE FROM raw_directories WHERE dataset = ? AND path = ?");
  const removeNames = db.prepare("DELETE FROM raw_names WHERE dataset = ? AND directory = ?");
  const miss = db.prepare(
    `UPDATE files SET gone_at = ?
     WHERE dataset = ? AND raw = ? AND inode IS NOT NULL AND gone_at IS NULL`,
  );

  const namesIn = (dataset: number, path: string) =>
    pathText((names.get(dataset, path) as string | Buffer | undefined) ?? "");

  function missAll(dataset: number, path: string, gone: readonly string[], now: number): void {
    for (const name of gone) miss.run(now, dataset, pathBytes(pathBelow(path, name)));
  }

  /** Remembers a directory. Files that have to stay as they are count as not known yet. */
  function remember(dataset: number, path: string, end: ListingEnd, now: number): void {
    const { state, listedAt } = end.directory;
    const waiting = resting.end(dataset, path, listedAt);
    save.run(dataset, path, waiting.size === 0 ? state : "", listedAt);
    if (end.names !== undefined)
      saveNames.run(dataset, path, pathBytes(without(waiting, end.names)));
    // Whatever ends the look before it comes to them, the next one does.
    for (const below of end.directories) note.run(dataset, below);
    missAll(dataset, path, end.gone, now);
  }

  const take = db.transaction<Take>((dataset, { pages, quietSeconds, expectedFor }, now) => {
    const taken = { due: 0, unchanged: 0 };
    for (const { path, came, end } of pages) {
      const files = resting.ready(dataset, { path, came, quietSeconds }, now);
      const { due, unchanged } = takeFiles(dataset, { path, files, expectedFor }, now);
      taken.due += due;
      taken.unchanged += unchanged;
      if (end !== undefined) remember(dataset, path, end, now);
    }
    return taken;
  });

  const removeDirectory = db.transaction((dataset: number, path: string, now: number): void => {
    missAll(dataset, path, splitNames(namesIn(dataset, path)), now);
    resting.end(dataset, path, Infinity);
    remove.run(dataset, path);
    removeNames.run(dataset, path);
  });

  return {
    directories: async (dataset) => all.all(idOf(dataset)) as RawDirectory[],
    namesIn: async (dataset, path) => namesIn(idOf(dataset), path),
    take: async (batch, now) => take(ensure(batch.dataset), batch, now),
    removeDirectory: async (dataset, path, now) => removeDirectory(idOf(dataset), path, now),
  };
}

type Take = (dataset: number, batch: RawBatch, now: number) => RawTaken;

function without(left: ReadonlySet<string>, names: string): string {
  if (left.size === 0) return names;
  return joinNames(splitNames(names).filter((name) => !left.has(name)));
}
