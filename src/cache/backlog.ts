import type { Db } from "./open.ts";

/** What is due. */
export interface Backlog {
  readonly entries: number;
  /** When the oldest of them became so, ms since epoch; null when there is none. */
  readonly oldestDueAt: number | null;
}

/** Counts what is due at `now`, ms since epoch: a look at all that waits, and at nothing else. */
export function backlogOf(db: Db): (now: number) => Backlog {
  const count = db.prepare(
    `SELECT count(*) AS entries, min(next_at) AS oldestDueAt FROM files INDEXED BY due
     WHERE next_at <= ?`,
  );
  return (now) => count.get(now) as Backlog;
}
