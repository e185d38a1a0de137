import type { Backlog } from "../../rows.ts";
import type { Sql } from "../connect.ts";

interface Due {
  readonly dataset: string;
  readonly entries: number;
  readonly oldestDueAt: number;
}

/**
 * Counts the entries that are due at `now`, ms since epoch, in datasets that get samples: a look at
 * the entries that wait, and at nothing else.
 */
export async function backlogAt(
  sql: Sql,
  now: number,
  isSampled: (dataset: string) => boolean,
): Promise<Backlog> {
  const all = await sql.all<Due>(
    `SELECT d.name AS dataset, due.entries, due."oldestDueAt" FROM datasets AS d
     CROSS JOIN LATERAL (
       SELECT count(*) AS entries, min(next_at) AS "oldestDueAt"
       FROM files WHERE dataset = d.id AND next_at <= $1) AS due
     WHERE due.entries > 0`,
    [now],
  );
  const counted = all.filter(({ dataset }) => isSampled(dataset));
  const oldest = Math.min(...counted.map(({ oldestDueAt }) => oldestDueAt));
  return {
    entries: counted.reduce((sum, { entries }) => sum + entries, 0),
    oldestDueAt: counted.length === 0 ? null : oldest,
  };
}
