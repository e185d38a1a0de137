import type { CountedOutcome, Settled } from "../drain-store.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { countedAs } from "../counted-as.ts";
import { datasetsOf } from "./datasets.ts";
import type { Counted } from "../types.ts";
import { countsOf } from "./counters.ts";
import type { Db } from "./open.ts";
import { outcomesOf } from "./outcome-counts.ts";
import { settleFoundOf } from "./settle-found.ts";
import { verdictsOf } from "./verdict-counts.ts";
import { addUnsyncedOf } from "./unsynced.ts";

/** Writes outcomes in one transaction; `now` is ms since epoch. */
export type Settle = (settled: readonly Settled[], now: number) => void;

/**
 * Prepares the statements. A success settles the version the job was given and no other; a failure
 * settles only when no newer line has come since.
 */
export function settleOf(db: Db): Settle {
  const datasets = datasetsOf(db);
  const addCounts = countsOf(db);
  const addUnsynced = addUnsyncedOf(db);
  const changeOutcomes = outcomesOf(db);
  const countVerdicts = verdictsOf(db);
  // Not the claim's: its entry may have been forgotten since, and have come again.
  const outcomeOf = db
    .prepare("SELECT coalesce(counted, 'new') FROM files WHERE dataset = ? AND raw = ?")
    .pluck();
  const publish = db.prepare(
    `UPDATE files SET sample = ?, sampled_at = ?, mask = ?, sampled_from = NULL
     WHERE dataset = ? AND raw = ?`,
  );
  // Named parameters would take as long again.
  const succeed = db.prepare(
    `UPDATE files SET outcome = 'sampled', done_mtime = mtime, next_at = NULL, settled_at = ?,
       sampled_at = ?, sample = ?, format = ?, rows = ?, bytes = ?, source_size = ?, reason = ?,
       validation = ?, mask = ?, code = NULL, message = NULL, attempts = 0, failed_at = NULL,
       sampled_from = NULL
     WHERE dataset = ? AND raw = ? AND mtime = ?`,
  );
  const settleFound = settleFoundOf(db);
  const fail = db.prepare(
    `UPDATE files SET outcome = 'failed', done_mtime = mtime, next_at = @nextAt,
       settled_at = @now, code = @code, message = @message, attempts = @attempts,
       failed_at = @failedAt
     WHERE dataset = @dataset AND raw = @raw AND seq = @seq`,
  );

  return db.transaction((all: readonly Settled[], now: number): void => {
    const unsynced: unknown[] = [];
    const outcomes = changeOutcomes();
    const verdicts = countVerdicts();
    const counts = new Map<number, Partial<Record<Counted, number>>>();
    for (const { claim, outcome, nextAt } of all) {
      const { job } = claim;
      const dataset = datasets.idOf(job.dataset);
      const raw = pathBytes(job.raw);
      const before = outcomeOf.get(dataset, raw) as CountedOutcome | undefined;
      if (outcome.outcome === "sampled") {
        const { format, rows = null, bytes, sourceSize, reason = null, mask = null } = outcome;
        const verdict = outcome.validation?.result ?? null;
        const facts = [job.name, format, rows, bytes, sourceSize, reason, verdict, mask];
        if (verdict !== null) verdicts.add(dataset, verdict);
        const { changes } =
          outcome.from === "raw"
            ? settleFound.succeed(claim, outcome, { dataset, now })
            : succeed.run([now, now, ...facts, dataset, raw, job.mtime]);
        if (changes > 0) {
          outcomes.moved(dataset, before, countedAs("sampled", format));
          unsynced.push(dataset, raw);
        } else publish.run(job.name, now, mask, dataset, raw);
      } else {
        const { code, message } = outcome;
        const attempts = claim.attempts + 1;
        const failedAt = claim.failedAt ?? now;
        const failed = { now, nextAt, code, message, attempts, failedAt };
        const { changes } = fail.run({ dataset, raw, seq: job.seq, ...failed });
        if (changes > 0) outcomes.moved(dataset, before, "failed");
      }
      const counted = counts.get(dataset) ?? {};
      counted[outcome.outcome] = (counted[outcome.outcome] ?? 0) + 1;
      counted.readBytes = (counted.readBytes ?? 0) + outcome.readBytes;
      counts.set(dataset, counted);
    }
    verdicts.save();
    addUnsynced(unsynced, now);
    outcomes.save();
    for (const [dataset, counted] of counts) addCounts(dataset, counted);
  });
}
