import { decideFound, type KnownFile } from "../decide.ts";
import { pathBelow } from "../../lib/path-below.ts";
import { pathBytes } from "../../lib/pep383.ts";
import type { RawFile } from "../../raw/types.ts";
import type { RawBatch, RawTaken } from "../raw-store.ts";
import { arrivalsOf } from "./arrivals.ts";
import { forgottenOf } from "./forgotten.ts";
import { insertOf } from "./insert.ts";
import { manyNamesOf } from "./names.ts";
import type { Db } from "./open.ts";
import { outcomesOf } from "./outcome-counts.ts";

/** Makes found files due that are new or changed, within a transaction. `now` is ms since epoch. */
export type TakeFiles = (dataset: number, batch: ReadyFiles, now: number) => RawTaken;

/** Files of a directory that are complete. */
interface ReadyFiles extends Pick<RawBatch, "expectedFor"> {
  /** Of the directory. */
  readonly path: string;
  readonly files: readonly RawFile[];
}

interface Added extends Pick<RawFile, "mtime" | "inode"> {
  readonly raw: string;
  readonly seq: number;
}

/** Prepares the statements. A file that was found is opened where it was: its bronze is its raw. */
export function takeFilesOf(db: Db): TakeFiles {
  const arrivals = arrivalsOf(db);
  const forgotten = forgottenOf(db);
  const claimNames = manyNamesOf(db);
  const changeOutcomes = outcomesOf(db);
  const select = db.prepare(
    `SELECT next_at AS nextAt, outcome, done_mtime AS doneMtime, mtime, inode, gone_at AS goneAt,
       source_size AS sourceSize
     FROM files WHERE dataset = ? AND raw = ?`,
  );
  const shared = ["dataset", "next_at"];
  const columns = ["raw", "bronze", "mtime", "inode", "seq", "name", "extension"];
  const insert = insertOf(db, { table: "files", shared, columns, ignores: false });
  const update = db.prepare(
    `UPDATE files SET bronze = raw, mtime = ?, inode = ?, seq = ?, next_at = ?, gone_at = NULL,
       attempts = 0, failed_at = NULL
     WHERE dataset = ? AND raw = ?`,
  );
  const isBack = db.prepare("UPDATE files SET gone_at = NULL WHERE dataset = ? AND raw = ?");

  return (dataset, { path, files, expectedFor }, now) => {
    const isForgotten = forgotten(dataset);
    const added: Added[] = [];
    const taken = { due: 0, unchanged: 0 };
    let seq = arrivals.last();
    for (const file of files) {
      const { mtime, inode } = file;
      const raw = pathBelow(path, file.name);
      const key = pathBytes(raw);
      const row = select.get(dataset, key) as
        | (KnownFile & { readonly goneAt: number | null })
        | undefined;
      const isKnown = row === undefined && isForgotten(raw, mtime);
      if (isKnown || decideFound(file, row) === "unchanged") {
        taken.unchanged += 1;
        if (row !== undefined && row.goneAt !== null) isBack.run(dataset, key);
        continue;
      }
      seq += 1;
      taken.due += 1;
      if (row === undefined) added.push({ raw, mtime, inode, seq });
      else update.run(mtime, inode, seq, now, dataset, key);
    }
    const wanted = added.map(({ raw }) => ({ raw, ...expectedFor(raw) }));
    const names = claimNames(dataset, wanted);
    const values: unknown[] = [];
    for (const [i, { raw, mtime, inode, seq: number }] of added.entries()) {
      const key = pathBytes(raw);
      values.push(key, key, mtime, inode, number, names[i], wanted[i]?.extension);
    }
    insert([dataset, now], values);
    const outcomes = changeOutcomes();
    outcomes.moved(dataset, undefined, "new", added.length);
    outcomes.save();
    arrivals.save(seq);
    return taken;
  };
}
