import type { Db } from "./open.ts";

/** Whether anything is known of a dataset's files. */
export function hasFilesOf(db: Db): (dataset: number) => boolean {
  const one = db.prepare("SELECT 1 FROM files WHERE dataset = ? LIMIT 1").pluck();
  return (dataset) => one.get(dataset) !== undefined;
}

/** The next time after `now` that something is due; both ms since epoch. */
export function nextRetryOf(db: Db): (now: number) => number | undefined {
  const next = db
    .prepare(
      `SELECT min(t) FROM (
         SELECT (SELECT min(next_at) FROM files WHERE dataset = d.id AND next_at > ?) AS t
         FROM datasets AS d
       )`,
    )
    .pluck();
  return (now) => (next.get(now) as number | null) ?? undefined;
}

/** Entries that are due, at `now` (ms since epoch). */
export function countDue(db: Db, now: number): number {
  const count = db.prepare("SELECT count(*) FROM files INDEXED BY due WHERE next_at <= ?").pluck();
  return count.get(now) as number;
}

/** One dataset at a glance. Times are ms since epoch. */
export interface DatasetTotals {
  readonly dataset: string;
  readonly entries: number;
  readonly sampled: number;
  readonly failed: number;
  /** Whose sample retention has removed. */
  readonly pruned: number;
  /** Due, or waiting for another try. */
  readonly waiting: number;
  /** When the oldest of those that are due became so. */
  readonly oldestDueAt: number | null;
  /** Manifest lines that were no entries, so far. */
  readonly rejected: number;
}

/** Every dataset at a glance, by name. */
export function datasetTotals(db: Db, now: number): DatasetTotals[] {
  return db
    .prepare(
      `SELECT d.name AS dataset, count(f.raw) AS entries,
         coalesce(sum(f.outcome = 'sampled'), 0) AS sampled,
         coalesce(sum(f.outcome = 'failed'), 0) AS failed,
         coalesce(sum(f.outcome = 'pruned'), 0) AS pruned,
         coalesce(sum(f.next_at IS NOT NULL), 0) AS waiting,
         min(CASE WHEN f.next_at <= ? THEN f.next_at END) AS oldestDueAt,
         (SELECT count(*) FROM rejected AS r WHERE r.dataset = d.id) AS rejected
       FROM datasets AS d LEFT JOIN files AS f ON f.dataset = d.id
       GROUP BY d.id ORDER BY d.name`,
    )
    .all(now) as DatasetTotals[];
}

/** Entries whose last attempt failed, by code, most first. */
export function failuresByCode(db: Db): { readonly code: string; readonly entries: number }[] {
  return db
    .prepare(
      `SELECT code, count(*) AS entries FROM files INDEXED BY failed WHERE code IS NOT NULL
       GROUP BY code ORDER BY entries DESC, code`,
    )
    .all() as { code: string; entries: number }[];
}
