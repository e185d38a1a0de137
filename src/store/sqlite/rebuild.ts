import type { ForgottenReceipt, Remembered } from "../remembered.ts";
import type { CountedOutcome } from "../drain-store.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { countedAs } from "../counted-as.ts";
import { forgetUntil, forgottenBeforeOf } from "./forgotten.ts";
import type { Db } from "./open.ts";
import { outcomesOf } from "./outcome-counts.ts";
import { addUnsyncedOf } from "./unsynced.ts";

/**
 * Puts back what receipts say. They may come in any order: the last one of a raw, by its time,
 * counts.
 */
export type Restore = (
  dataset: number,
  receipts: readonly (Remembered | ForgottenReceipt)[],
) => void;

/**
 * Prepares the statements. A failure keeps the sample that was there; its entry becomes due by its
 * line.
 */
export function restoreOf(db: Db): Restore {
  const addUnsynced = addUnsyncedOf(db);
  const changeOutcomes = outcomesOf(db);
  const outcomeOf = db
    .prepare("SELECT coalesce(counted, 'new') FROM files WHERE dataset = ? AND raw = ?")
    .pluck();
  const claim = db.prepare("INSERT OR IGNORE INTO names (dataset, name, raw) VALUES (?, ?, ?)");
  const holds = db
    .prepare("SELECT 1 FROM names WHERE dataset = ? AND name = ? AND raw = ?")
    .pluck();
  const upsert = db.prepare(
    `INSERT INTO files (dataset, raw, bronze, mtime, seq, name, extension, outcome, done_mtime,
       settled_at, sampled_at, sample, format, rows, bytes, source_size,
       sampled_from, inode, validation, mask)
     VALUES (@dataset, @key, @path, @mtime, 0, @sample, @extension, @outcome, @mtime,
       @settledAt, @settledAt, @published, @format, @rows, @bytes, @sourceSize,
       @from, @inode, @validation, @mask)
     ON CONFLICT (dataset, raw) DO UPDATE SET bronze = excluded.bronze, mtime = excluded.mtime,
       name = excluded.name, extension = excluded.extension, outcome = excluded.outcome,
       done_mtime = excluded.done_mtime, settled_at = excluded.settled_at,
       sampled_at = excluded.sampled_at, sample = excluded.sample, format = excluded.format, rows = excluded.rows,
       bytes = excluded.bytes, source_size = excluded.source_size,
       sampled_from = excluded.sampled_from, inode = excluded.inode, gone_at = NULL,
       validation = excluded.validation, mask = excluded.mask, code = NULL, message = NULL
     WHERE excluded.settled_at >= settled_at`,
  );
  const fail = db.prepare(
    `UPDATE files SET outcome = 'failed', mtime = @mtime, done_mtime = @mtime, code = @code,
       message = @message
     WHERE dataset = @dataset AND raw = @key AND @settledAt >= settled_at`,
  );
  const forgottenBefore = forgottenBeforeOf(db);
  /**
   * Time at which the dataset was forgotten as a whole, ms since epoch: older receipts no longer
   * count.
   */
  let forgottenAt = -1;

  return db.transaction((dataset, receipts): void => {
    const unsynced: unknown[] = [];
    const outcomes = changeOutcomes();
    const forgotten = forgottenBefore(dataset);
    for (const remembered of receipts) {
      if (remembered.settledAt <= forgottenAt) continue;
      if (remembered.outcome === "forgotten") {
        const { entry, settledAt } = remembered;
        const before = entry === null ? undefined : forgotten.add({ ...entry, at: settledAt });
        if (before !== undefined) outcomes.gone(dataset, before);
        if (entry !== null) continue;
        outcomes.save();
        forgetUntil(db, dataset, settledAt);
        forgottenAt = settledAt;
        continue;
      }
      const { raw, bronze, ...receipt } = remembered;
      const row = { dataset, key: pathBytes(raw), path: pathBytes(bronze), ...receipt };
      const before = outcomeOf.get(dataset, row.key) as CountedOutcome | undefined;
      if (receipt.outcome === "failed") {
        if (forgotten.has(raw, receipt.settledAt)) continue;
        if (fail.run(row).changes > 0) outcomes.moved(dataset, before, "failed");
      } else if (receipt.sample !== null) {
        const name = [dataset, receipt.sample, row.key];
        // Damage can give a name twice: then the second is no sample of this raw.
        if (claim.run(...name).changes === 0 && holds.get(...name) === undefined) continue;
        if (forgotten.has(raw, receipt.settledAt)) continue;
        const gone = receipt.outcome === "pruned" ? { published: null, bytes: null } : {};
        const { changes } = upsert.run({ published: receipt.sample, ...row, ...gone });
        if (changes > 0)
          outcomes.moved(dataset, before, countedAs(receipt.outcome, receipt.format));
        if (receipt.outcome === "sampled") unsynced.push(dataset, row.key);
      }
    }
    addUnsynced(unsynced, 0);
    outcomes.save();
  });
}
