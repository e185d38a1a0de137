import type { Unsynced } from "../upkeep-store.ts";
import { insertOf } from "./insert.ts";
import type { Db } from "./open.ts";

/**
 * Notes that samples are published but may not be on stable storage yet, given as dataset, raw,
 * dataset, raw, …; `now`: ms since epoch.
 */
export type AddUnsynced = (samples: readonly unknown[], now: number) => void;

/** Prepares the statements. They belong in the transaction that settles the samples. */
export function addUnsyncedOf(db: Db): AddUnsynced {
  const columns = ["dataset", "raw"];
  const insert = insertOf(db, { table: "unsynced", shared: ["at"], columns, ignores: false });
  return (samples, now) => void insert([now], samples);
}

/** Samples that were settled and not synced, oldest first. */
export interface UnsyncedQueue {
  first(limit: number): Unsynced[];
  /**
   * Removes the first ones up to the last of `done`. Makes those of `redo`, which are among them,
   * due at `now` (ms since epoch), in one transaction; returns the number that became due.
   */
  finish(done: readonly Unsynced[], redo: readonly Unsynced[], now: number): number;
}

/** Prepares the statements. */
export function unsyncedOf(db: Db): UnsyncedQueue {
  const select = db.prepare(
    `SELECT u.id, u.at, d.name AS dataset, f.bytes, coalesce(f.settled_at, 0) AS settledAt,
       CASE WHEN f.outcome = 'sampled' AND f.next_at IS NULL THEN f.sample END AS sample
     FROM unsynced AS u
     LEFT JOIN datasets AS d ON d.id = u.dataset
     LEFT JOIN files AS f ON f.dataset = u.dataset AND f.raw = u.raw
     ORDER BY u.id LIMIT ?`,
  );
  const remove = db.prepare("DELETE FROM unsynced WHERE id <= ?");
  // Its name and version stay: decide and settle see an entry that waits, as after a new line.
  const redo = db.prepare(
    `UPDATE files SET next_at = @now, attempts = 0, failed_at = NULL
     WHERE (dataset, raw) = (SELECT dataset, raw FROM unsynced WHERE id = @id)
       AND outcome = 'sampled' AND next_at IS NULL`,
  );
  return {
    first: (limit) => select.all(limit) as Unsynced[],
    finish: db.transaction((done, wrong, now): number => {
      let due = 0;
      for (const { id } of wrong) due += redo.run({ id, now }).changes;
      remove.run(done.at(-1)?.id ?? 0);
      return due;
    }),
  };
}
