import type { Claim, Postponed } from "../drain-store.ts";
import type { Sql } from "./connect.ts";
import type { Datasets } from "./datasets.ts";
import { changeFiles, keyed } from "./file-rows.ts";

/** The ends of jobs on raw files that were found by looking, and of those that confirm them. */
export interface SettleFound {
  /** Settles entries whose bronze file is what the sample was taken of. */
  confirm(claims: readonly Claim[], now: number): Promise<void>;
  /** Lets files go that were moved away before they were sampled. */
  moved(claims: readonly Claim[], now: number): Promise<void>;
  /** Leaves files for later that were not complete. */
  postpone(postponed: readonly Postponed[], now: number): Promise<void>;
}

/** A file that was found by looking, and that neither a line nor a further look has named since. */
const IS_FOUND = "files.seq = excluded.seq AND files.inode IS NOT NULL";

/** Creates the functions; times are ms since epoch. */
export function settleFoundOf(sql: Sql, ids: Pick<Datasets, "idOf">): SettleFound {
  const keyedClaims = (claims: readonly Claim[]) =>
    keyed(
      ids,
      claims.map((claim) => ({ claim })),
    );
  return {
    async confirm(claims, now) {
      const rows = (await keyedClaims(claims)).map(({ key, claim }) => ({
        key,
        mtime: claim.job.mtime,
      }));
      await changeFiles(sql, {
        rows,
        given: ["mtime"],
        set: `done_mtime = files.mtime, next_at = NULL, settled_at = $3, code = NULL,
          message = NULL, attempts = 0, failed_at = NULL`,
        where: "files.mtime = excluded.mtime AND files.inode IS NULL",
        now,
      });
    },
    async moved(claims, now) {
      const rows = (await keyedClaims(claims)).map(({ key, claim }) => ({
        key,
        seq: claim.job.seq,
      }));
      await changeFiles(sql, {
        rows,
        given: ["seq"],
        set: `next_at = NULL, attempts = 0, failed_at = NULL,
          gone_at = coalesce(files.gone_at, $3)`,
        where: IS_FOUND,
        now,
      });
    },
    async postpone(postponed, now) {
      const rows = (await keyed(ids, postponed)).map(({ key, claim, nextAt }) => ({
        key,
        seq: claim.job.seq,
        attempts: claim.attempts + 1,
        next_at: nextAt,
      }));
      await changeFiles(sql, {
        rows,
        given: ["seq", "attempts", "next_at"],
        set: `next_at = excluded.next_at, attempts = excluded.attempts,
          failed_at = coalesce(files.failed_at, $3)`,
        where: IS_FOUND,
        now,
      });
    },
  };
}
