import { pathBytes } from "../../lib/pep383.ts";
import type { RejectedLine } from "../../manifest/types.ts";
import { datasetsIn } from "./datasets.ts";
import { failedEntries, type FailureFilter } from "./queries/failures.ts";
import type { Db } from "./open.ts";

/** The failed entries that are acknowledged, or whose acknowledgement is taken back. */
export interface Acknowledgement extends Pick<FailureFilter, "code" | "hasDataset" | "hasRaw"> {
  /** True to take an earlier acknowledgement back. */
  readonly isUndone: boolean;
}

/** Rows that are written at once, so that a daemon beside us gets its turn. */
const PAGE = 1000;

/**
 * Acknowledges failed entries that are not tried again; returns how many of each dataset, for those
 * that have some. Writes beside the daemon, in short transactions. Another line, failure or retry
 * of an entry is acknowledged by none of this.
 */
export function acknowledgeEntries(
  db: Db,
  { isUndone, ...filter }: Acknowledgement,
): ReadonlyMap<string, number> {
  const update = db.prepare(
    `UPDATE files SET acknowledged = ${isUndone ? "NULL" : "settled_at"}
     WHERE dataset = (SELECT id FROM datasets WHERE name = @dataset) AND raw = @raw
       AND outcome = 'failed' AND next_at IS NULL
       AND acknowledged IS ${isUndone ? "" : "NOT "}settled_at`,
  );
  const write = db.transaction((batch: readonly { dataset: string; raw: string }[]): void => {
    for (const { dataset, raw } of batch) {
      const { changes } = update.run({ dataset, raw: pathBytes(raw) });
      if (changes > 0) counts.set(dataset, (counts.get(dataset) ?? 0) + changes);
    }
  });
  const counts = new Map<string, number>();
  let batch: { dataset: string; raw: string }[] = [];
  for (const { dataset, raw, nextAt, acknowledged } of failedEntries(db, filter)) {
    if (nextAt !== null || acknowledged !== isUndone) continue;
    batch.push({ dataset, raw });
    if (batch.length < PAGE) continue;
    write.immediate(batch);
    batch = [];
  }
  write.immediate(batch);
  return counts;
}

/** The same for rejected manifest lines; `now` is ms since epoch. */
export function acknowledgeLines(
  db: Db,
  { isUndone, hasDataset }: Pick<Acknowledgement, "isUndone" | "hasDataset">,
  now: number,
): ReadonlyMap<string, number> {
  const lastOf = db
    .prepare(
      `SELECT max(id) FROM (SELECT id FROM rejected WHERE dataset = ? AND id > ?
       ORDER BY id LIMIT ${PAGE})`,
    )
    .pluck();
  const update = db.prepare(
    `UPDATE rejected SET acknowledged_at = ${isUndone ? "NULL" : "@now"}
     WHERE dataset = @id AND id > @after AND id <= @last
       AND acknowledged_at IS ${isUndone ? "NOT " : ""}NULL`,
  );
  const counts = new Map<string, number>();
  for (const { id, name } of datasetsIn(db, hasDataset)) {
    let count = 0;
    for (let after: number | null = 0; after !== null;) {
      const last = lastOf.get(id, after) as number | null;
      if (last !== null) count += update.run({ id, after, last, now }).changes;
      after = last;
    }
    if (count > 0) counts.set(name, count);
  }
  return counts;
}

/**
 * Makes the function that says of bad lines of a dataset, as they are found, whether people have
 * acknowledged them. The file that a line is in may have another name since: its place and what is
 * wrong with it tell it from others, and each that is acknowledged counts once.
 */
export function findAcknowledgedOf(
  db: Db,
  dataset: string,
): (line: Pick<RejectedLine, "line" | "offset" | "reason">) => boolean {
  const rows = db
    .prepare(
      `SELECT json_array(line, offset, reason), count(*)
       FROM rejected AS seen INDEXED BY acknowledged_rejected
       WHERE dataset = (SELECT id FROM datasets WHERE name = ?) AND acknowledged_at IS NOT NULL
       GROUP BY 1`,
    )
    .raw()
    .all(dataset) as [string, number][];
  const left = new Map(rows);
  return ({ line, offset, reason }) => {
    const key = JSON.stringify([line, offset, reason]);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count > 0;
  };
}
