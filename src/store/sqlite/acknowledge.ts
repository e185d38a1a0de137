import type { Acknowledgement } from "../change-store.ts";
import type { AcknowledgedLine } from "../rows.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { datasetsIn } from "./datasets.ts";
import { failedEntries } from "./queries/failures.ts";
import type { Db } from "./open.ts";

/** Rows that are written at once, so that a daemon beside us gets its turn. */
const PAGE = 1000;

/**
 * Acknowledges failed entries that are not tried again. Returns the number of entries of each
 * dataset that has some. Writes beside the daemon, in short transactions. A later line, failure or
 * retry of an entry is not acknowledged by this.
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

/** Counts the acknowledged bad lines of a dataset, by place and reason. */
export function acknowledgedLinesOf(db: Db, dataset: string): AcknowledgedLine[] {
  return db
    .prepare(
      `SELECT line, offset, reason, count(*) AS count
       FROM rejected AS seen INDEXED BY acknowledged_rejected
       WHERE dataset = (SELECT id FROM datasets WHERE name = ?) AND acknowledged_at IS NOT NULL
       GROUP BY line, offset, reason`,
    )
    .all(dataset) as AcknowledgedLine[];
}
