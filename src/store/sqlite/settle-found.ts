import type { Sampled } from "../../job.ts";
import { pathBytes } from "../../lib/pep383.ts";
import type { Claim, Postponed } from "../drain-store.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";

/** The ends of jobs on raw files that were found by looking, and of those that confirm them. */
export interface SettleFound {
  /**
   * Writes a sample of a raw file, unless a line, or a further look, has named another version
   * since. Returns the number of rows that changed. Within a transaction.
   */
  succeed(
    claim: Claim,
    outcome: Sampled,
    at: { readonly dataset: number; readonly now: number },
  ): { readonly changes: number };
  /** Settles entries whose bronze file is what the sample was taken of. */
  confirm(claims: readonly Claim[], now: number): void;
  /** Lets files go that were moved away before they were sampled. */
  moved(claims: readonly Claim[], now: number): void;
  /** Leaves files for later that were not complete. */
  postpone(postponed: readonly Postponed[], now: number): void;
}

/** Prepares the statements; times are ms since epoch. */
export function settleFoundOf(db: Db): SettleFound {
  const { idOf } = datasetsOf(db);
  const succeed = db.prepare(
    `UPDATE files SET outcome = 'sampled', mtime = @mtime, done_mtime = @mtime, inode = @inode,
       next_at = NULL, settled_at = @now, sampled_at = @now, sample = @sample, format = @format,
       rows = @rows, bytes = @bytes, source_size = @sourceSize, reason = @reason, code = NULL,
       message = NULL, attempts = 0, failed_at = NULL, sampled_from = 'raw',
       validation = @validation, mask = @mask
     WHERE dataset = @dataset AND raw = @raw AND mtime = @claimed AND inode = @found`,
  );
  const confirm = db.prepare(
    `UPDATE files SET done_mtime = mtime, next_at = NULL, settled_at = @now, code = NULL,
       message = NULL, attempts = 0, failed_at = NULL
     WHERE dataset = @dataset AND raw = @raw AND mtime = @mtime AND inode IS NULL`,
  );
  const moved = db.prepare(
    `UPDATE files SET next_at = NULL, attempts = 0, failed_at = NULL,
       gone_at = coalesce(gone_at, @now)
     WHERE dataset = @dataset AND raw = @raw AND seq = @seq AND inode IS NOT NULL`,
  );
  const postpone = db.prepare(
    `UPDATE files SET next_at = @nextAt, attempts = @attempts, failed_at = coalesce(failed_at, @now)
     WHERE dataset = @dataset AND raw = @raw AND seq = @seq AND inode IS NOT NULL`,
  );
  const keyOf = ({ job }: Claim) => ({ dataset: idOf(job.dataset), raw: pathBytes(job.raw) });
  return {
    succeed({ job }, outcome, { dataset, now }) {
      const { format, rows = null, bytes, sourceSize, reason = null, mtime, inode } = outcome;
      const validation = outcome.validation?.result ?? null;
      const made = { sample: job.name, format, rows, bytes, sourceSize, reason };
      const facts = { ...made, mtime, inode, validation, mask: outcome.mask ?? null };
      const claimed = { claimed: job.mtime, found: job.inode };
      return succeed.run({ dataset, raw: pathBytes(job.raw), ...claimed, now, ...facts });
    },
    confirm: db.transaction((claims, now): void => {
      for (const claim of claims) confirm.run({ ...keyOf(claim), mtime: claim.job.mtime, now });
    }),
    moved: db.transaction((claims, now): void => {
      for (const claim of claims) moved.run({ ...keyOf(claim), seq: claim.job.seq, now });
    }),
    postpone: db.transaction((postponed, now): void => {
      for (const { claim, nextAt } of postponed) {
        const attempts = claim.attempts + 1;
        postpone.run({ ...keyOf(claim), seq: claim.job.seq, nextAt, attempts, now });
      }
    }),
  };
}
