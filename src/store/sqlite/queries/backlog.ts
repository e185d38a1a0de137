import type { Backlog } from "../../rows.ts";
import { datasetsOf } from "../datasets.ts";
import type { Db } from "../open.ts";

/** The backlog at a time, ms since epoch, in datasets that get samples. */
export type BacklogAt = (now: number, isSampled: (dataset: string) => boolean) => Backlog;

interface Due {
  readonly dataset: number;
  readonly entries: number;
  readonly oldestDueAt: number;
}

/**
 * Counts the entries that are due at `now`, ms since epoch, in datasets that get samples: a look at
 * the entries that wait, and at nothing else.
 */
export function backlogOf(db: Db): BacklogAt {
  const datasets = datasetsOf(db);
  const count = db.prepare(
    `SELECT dataset, count(*) AS entries, min(next_at) AS oldestDueAt FROM files INDEXED BY due
     WHERE next_at <= ? GROUP BY dataset`,
  );
  return (now, isSampled) => {
    const all = count.all(now) as readonly Due[];
    const counted = all.filter(({ dataset }) => isSampled(datasets.nameOf(dataset)));
    const oldest = Math.min(...counted.map(({ oldestDueAt }) => oldestDueAt));
    return {
      entries: counted.reduce((sum, { entries }) => sum + entries, 0),
      oldestDueAt: counted.length === 0 ? null : oldest,
    };
  };
}
