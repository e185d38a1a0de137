import type { CountedOutcome } from "../drain-store.ts";
import { pathBytes } from "../../lib/pep383.ts";
import type { Db } from "./open.ts";

/**
 * True when a raw was forgotten with this mtime. Asked with another mtime, the raw is no longer
 * forgotten.
 */
export type IsForgotten = (raw: string, mtime: number) => boolean;

/** Prepares the statements. As a rule a dataset has no forgotten raws, and none is looked up. */
export function forgottenOf(db: Db): (dataset: number) => IsForgotten {
  const any = db.prepare("SELECT 1 FROM forgotten WHERE dataset = ? LIMIT 1").pluck();
  const mtimeOf = db.prepare("SELECT mtime FROM forgotten WHERE dataset = ? AND raw = ?").pluck();
  const remove = db.prepare("DELETE FROM forgotten WHERE dataset = ? AND raw = ?");
  return (dataset) => {
    if (any.get(dataset) === undefined) return () => false;
    return (raw, mtime) => {
      const key = [dataset, pathBytes(raw)];
      const known = mtimeOf.get(key);
      if (known !== undefined && known !== mtime) remove.run(key);
      return known === mtime;
    };
  };
}

/**
 * The forgotten raws of a dataset. Its receipts are put back in any order, so each carries its
 * time.
 */
export interface ForgottenBefore {
  /**
   * Forgets a raw, unless something newer is known of it. Returns the outcome that its entry had;
   * undefined where there was none, or it stays. `at` is ms since epoch.
   */
  add(forgotten: {
    readonly raw: string;
    readonly mtime: number;
    readonly at: number;
  }): CountedOutcome | undefined;
  /**
   * True when a raw was forgotten after a receipt of it, or at the same time; `at` is the
   * receipt's, ms since epoch. A newer receipt ends that: the raw is no longer forgotten.
   */
  has(raw: string, at: number): boolean;
}

/** Prepares the statements. A raw has an entry or was forgotten, never both. */
export function forgottenBeforeOf(db: Db): (dataset: number) => ForgottenBefore {
  const any = db.prepare("SELECT 1 FROM forgotten WHERE dataset = ? LIMIT 1").pluck();
  const entry = db.prepare(
    `SELECT coalesce(counted, 'new') AS outcome, settled_at AS at FROM files
     WHERE dataset = ? AND raw = ?`,
  );
  const removeEntry = db.prepare("DELETE FROM files WHERE dataset = ? AND raw = ?");
  const upsert = db.prepare(
    `INSERT INTO forgotten (dataset, raw, mtime, at) VALUES (?, ?, ?, ?)
     ON CONFLICT (dataset, raw) DO UPDATE SET mtime = excluded.mtime, at = excluded.at
     WHERE excluded.at >= at`,
  );
  const timeOf = db.prepare("SELECT at FROM forgotten WHERE dataset = ? AND raw = ?").pluck();
  const remove = db.prepare("DELETE FROM forgotten WHERE dataset = ? AND raw = ?");
  return (dataset) => {
    let hasAny = any.get(dataset) !== undefined;
    return {
      add({ raw, mtime, at }) {
        const key = pathBytes(raw);
        const found = entry.get(dataset, key) as
          | { outcome: CountedOutcome; at: number }
          | undefined;
        if (found !== undefined && found.at > at) return undefined;
        removeEntry.run(dataset, key);
        upsert.run(dataset, key, mtime, at);
        hasAny = true;
        return found?.outcome;
      },
      has(raw, at) {
        if (!hasAny) return false;
        const key = [dataset, pathBytes(raw)];
        const time = timeOf.get(key) as number | undefined;
        if (time !== undefined && time < at) remove.run(key);
        return time !== undefined && time >= at;
      },
    };
  };
}

/** Forgets what was settled in a dataset up to a time, ms since epoch, within a transaction. */
export function forgetUntil(db: Db, dataset: number, until: number): void {
  const values = { dataset, until };
  const statements = [
    "DELETE FROM files WHERE dataset = @dataset AND coalesce(settled_at, 0) <= @until",
    "DELETE FROM forgotten WHERE dataset = @dataset AND at <= @until",
    `DELETE FROM names WHERE dataset = @dataset AND NOT EXISTS (
       SELECT 1 FROM files AS f WHERE f.dataset = names.dataset AND f.raw = names.raw)`,
    "DELETE FROM totals WHERE dataset = @dataset",
    `INSERT INTO totals (dataset, outcome, n)
     SELECT dataset, coalesce(counted, 'new'), count(*) FROM files WHERE dataset = @dataset GROUP BY 2`,
  ];
  for (const statement of statements) db.prepare(statement).run(values);
}
