import type { Accepted, Batch } from "../ingest-store.ts";
import { decide, type Known } from "../decide.ts";
import { pathBytes } from "../../lib/pep383.ts";
import type { Entry } from "../../manifest/types.ts";
import { arrivalsOf } from "./arrivals.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { countsOf } from "./counters.ts";
import { forgottenOf } from "./forgotten.ts";
import { insertOf } from "./insert.ts";
import { manyNamesOf } from "./names.ts";
import type { Db } from "./open.ts";
import { outcomesOf } from "./outcome-counts.ts";

/** Writes due rows of a dataset and checkpoints in one transaction. `now` is ms since epoch. */
export type Accept = (dataset: number, batch: Batch, now: number) => Accepted;

/**
 * Prepares the statements. Where all raws of a batch were new, those of the next batch are taken
 * for new without a look. Where the table shows that they are not, the batch is undone and accepted
 * with a look.
 */
export function acceptOf(db: Db): Accept {
  const claimNames = manyNamesOf(db);
  const checkpoints = checkpointsOf(db);
  const addCounts = countsOf(db);
  const changeOutcomes = outcomesOf(db);
  const known = knownOf(db);
  const forgotten = forgottenOf(db);
  const shared = ["dataset", "next_at"];
  const columns = ["raw", "bronze", "mtime", "seq", "name", "extension"];
  const insert = insertOf(db, { table: "files", shared, columns, ignores: true });
  const update = db.prepare(
    `UPDATE files SET bronze = ?, mtime = ?, seq = ?, next_at = ?, attempts = 0, failed_at = NULL,
       inode = NULL, gone_at = NULL
     WHERE dataset = ? AND raw = ?`,
  );
  const reject = db.prepare(
    `INSERT INTO rejected (dataset, path, line, offset, reason, at, acknowledged_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const takeAcknowledged = db
    .prepare(
      `DELETE FROM acknowledged_lines WHERE id = (
         SELECT id FROM acknowledged_lines
         WHERE dataset = ? AND line = ? AND offset = ? AND reason = ? LIMIT 1
       ) RETURNING at`,
    )
    .pluck();
  const arrivals = arrivalsOf(db);
  let expectsNew = false;

  const accept = db.transaction((dataset: number, batch: Batch, now: number): Accepted => {
    const newest = new Map(batch.entries.map((entry) => [entry.raw, entry]));
    const rows = expectsNew ? [] : known(dataset, [...newest.keys()]);
    const accepted = { due: 0, unchanged: 0, superseded: batch.entries.length - newest.size };
    const added: Numbered[] = [];
    const isForgotten = forgotten(dataset);
    let seq = arrivals.last();
    let at = 0;
    for (const { raw, bronze, mtime } of newest.values()) {
      const row = rows[at];
      at += 1;
      const decision = decide(mtime, row);
      if (decision === "unchanged" || (row === undefined && isForgotten(raw, mtime))) {
        accepted.unchanged += 1;
        continue;
      }
      seq += 1;
      if (row === undefined) added.push({ raw, bronze, mtime, seq });
      else update.run(pathBytes(bronze), mtime, seq, now, dataset, pathBytes(raw));
      accepted[decision === "due" ? "due" : "superseded"] += 1;
    }
    add(dataset, added, batch, now);
    for (const { path, line, offset, reason } of batch.rejected) {
      const seenAt = takeAcknowledged.get(dataset, line, offset, reason) ?? null;
      reject.run(dataset, path, line, offset, reason, now, seenAt);
    }
    checkpoints.saveAll(dataset, batch.checkpoints);
    const lines = batch.entries.length;
    addCounts(dataset, { lines, rejected: batch.rejected.length, ...accepted });
    arrivals.save(seq);
    expectsNew = added.length > 0 && added.length === newest.size;
    return accepted;
  });

  return (dataset, batch, now) => {
    if (expectsNew) {
      try {
        return accept(dataset, batch, now);
      } catch (error) {
        if (!(error instanceof AlreadyKnown)) throw error;
        expectsNew = false;
      }
    }
    return accept(dataset, batch, now);
  };

  function add(
    dataset: number,
    added: readonly Numbered[],
    { expectedFor }: Batch,
    now: number,
  ): void {
    const wanted = added.map(({ raw }) => ({ raw, ...expectedFor(raw) }));
    const names = claimNames(dataset, wanted);
    const values: unknown[] = [];
    for (const [i, { raw, bronze, mtime, seq }] of added.entries()) {
      const extension = wanted[i]?.extension;
      values.push(pathBytes(raw), pathBytes(bronze), mtime, seq, names[i], extension);
    }
    if (insert([dataset, now], values) < added.length) throw new AlreadyKnown();
    const outcomes = changeOutcomes();
    outcomes.moved(dataset, undefined, "new", added.length);
    outcomes.save();
  }
}

/** Forgets the rejected lines of a dataset: they will be found again. */
export function forgetRejectedOf(db: Db): (dataset: number) => void {
  const keep = db.prepare(
    `INSERT INTO acknowledged_lines (dataset, line, offset, reason, at)
     SELECT dataset, line, offset, reason, acknowledged_at FROM rejected
     WHERE dataset = ? AND acknowledged_at IS NOT NULL`,
  );
  const remove = db.prepare("DELETE FROM rejected WHERE dataset = ?");
  const both = db.transaction((dataset: number) => [keep.run(dataset), remove.run(dataset)]);
  return (dataset) => void both(dataset);
}

/** Prepares the end of that: acknowledged lines that were not found again are gone with their file. */
export function endRejectedOf(db: Db): (dataset: number) => void {
  const remove = db.prepare("DELETE FROM acknowledged_lines WHERE dataset = ?");
  return (dataset) => void remove.run(dataset);
}

/** Thrown where a raw that was taken for new has a row. */
class AlreadyKnown extends Error {}

/** An entry with its arrival number. */
interface Numbered extends Entry {
  readonly seq: number;
}

/** Looks up many raws at once; the results are in their order. */
function knownOf(
  db: Db,
): (dataset: number, raws: readonly string[]) => readonly (Known | undefined)[] {
  // One value for most rows, since each costs something: the mtime for which nothing is to be done.
  // LEFT JOIN keeps the order: one look-up for each wanted raw, never a scan of the table.
  const many = db
    .prepare(
      `SELECT CASE WHEN f.next_at IS NULL AND f.outcome IN ('sampled', 'pruned') AND f.inode IS NULL
         THEN f.done_mtime
         WHEN f.raw IS NOT NULL THEN 'other' END
       FROM json_each(?) AS wanted
       LEFT JOIN files AS f ON f.dataset = ? AND f.raw = wanted.value`,
    )
    .pluck();
  const one = db.prepare(
    `SELECT next_at AS nextAt, outcome, done_mtime AS doneMtime, inode IS NOT NULL AS isFound
     FROM files WHERE dataset = ? AND raw = ?`,
  );
  const lookUp = (dataset: number, raw: string): Known | undefined => {
    const row = one.get(dataset, pathBytes(raw)) as (Known & { isFound: 0 | 1 }) | undefined;
    return row && { ...row, isUnconfirmed: row.isFound === 1 };
  };
  return (dataset, raws) => {
    // What is no text finds nothing as JSON.
    const found = many.all(JSON.stringify(raws), dataset) as (number | "other" | null)[];
    return raws.map((raw, i) => {
      const value = found[i] ?? null;
      if (typeof value === "number") return { nextAt: null, outcome: "sampled", doneMtime: value };
      return value === "other" || !raw.isWellFormed() ? lookUp(dataset, raw) : undefined;
    });
  };
}
