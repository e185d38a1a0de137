import type { FailedEntry, FailureFilter, RejectedEntry } from "../../rows.ts";
import type { FailureCode } from "../../../errors.ts";
import { pathText } from "../../../lib/pep383.ts";
import type { RejectedLine } from "../../../manifest/types.ts";
import { DUE_AGAIN } from "../due.ts";
import { IS_ACKNOWLEDGED, timeOf } from "../../listed.ts";
import { datasetsIn } from "../datasets.ts";
import type { Db } from "../open.ts";

interface Row {
  readonly raw: string | Buffer;
  readonly outcome: "failed" | "pruned";
  readonly code: FailureCode | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly failedAt: number | null;
  readonly nextAt: number | null;
  readonly acknowledged: 0 | 1;
}

interface RejectedRow extends RejectedLine {
  readonly id: number;
  readonly at: number;
  readonly acknowledgedAt: number | null;
}

/** Rows that are read or written at once, without keeping others waiting. */
const PAGE = 1000;

/** Yields failed entries by dataset and raw; no read transaction is open in between. */
export function* failedEntries(db: Db, filter: FailureFilter): Generator<FailedEntry, void, void> {
  for (const { dataset, rows } of failedPages(db, filter)) {
    for (const { raw, code, message, attempts, failedAt, nextAt, ...row } of rows) {
      const times = { failedAt: timeOf(failedAt), nextAt: timeOf(nextAt) };
      const acknowledged = row.acknowledged === 1;
      yield { dataset, raw: pathText(raw), code, message, attempts, ...times, acknowledged };
    }
  }
}

/** Yields rejected manifest lines by dataset, in the order they came; pages as above. */
export function* rejectedLines(
  db: Db,
  { hasDataset }: Pick<FailureFilter, "hasDataset">,
): Generator<RejectedEntry, void, void> {
  const select = db.prepare(
    `SELECT id, path, line, offset, reason, at, acknowledged_at AS acknowledgedAt
     FROM rejected WHERE dataset = ? AND id > ? ORDER BY id LIMIT ${PAGE}`,
  );
  for (const { id: dataset, name } of datasetsIn(db, hasDataset)) {
    for (let after: number | undefined = 0; after !== undefined;) {
      const rows = select.all(dataset, after) as RejectedRow[];
      for (const { id: _, at, acknowledgedAt, ...line } of rows) {
        const acknowledged = acknowledgedAt !== null;
        yield { dataset: name, ...line, at: new Date(at).toISOString(), acknowledged };
      }
      after = rows.at(-1)?.id;
    }
  }
}

/**
 * Makes failed (and pruned) entries due again, as if nothing had failed before. Returns the number
 * of entries of each dataset that has some. Writes beside the daemon, in short transactions. A
 * failure of a try that is under way does not undo this; a success settles the entry. `now` is ms
 * since epoch.
 */
export function retryFailures(db: Db, filter: FailureFilter, now: number): Map<string, number> {
  const update = db.prepare(
    `UPDATE files SET ${DUE_AGAIN}
     WHERE dataset = @id AND raw = @raw AND outcome = @outcome AND code IS @code`,
  );
  const write = db.transaction((id: number, rows: readonly Row[]): number =>
    rows.reduce((sum, { raw, outcome, code }) => {
      return sum + update.run({ id, raw, outcome, code, now }).changes;
    }, 0),
  );
  const retried = new Map<string, number>();
  for (const { id, dataset, rows } of failedPages(db, filter)) {
    const written = write.immediate(id, rows);
    if (written > 0) retried.set(dataset, (retried.get(dataset) ?? 0) + written);
  }
  return retried;
}

function* failedPages(
  db: Db,
  { code, withPruned = false, hasDataset, hasRaw }: FailureFilter,
): Generator<{ readonly id: number; readonly dataset: string; readonly rows: readonly Row[] }> {
  // Without a code all entries are gone through: a rebuilt cache has failures without one.
  const [index, condition] =
    code === undefined ? ["", ""] : ["INDEXED BY failed", "AND code = @code"];
  const outcomes = withPruned ? "('failed', 'pruned')" : "('failed')";
  const select = db.prepare(
    `SELECT raw, outcome, code, message, attempts, failed_at AS failedAt, next_at AS nextAt,
       ${IS_ACKNOWLEDGED} AS acknowledged
     FROM files ${index} WHERE dataset = @id AND raw > @after AND outcome IN ${outcomes} ${condition}
     ORDER BY raw LIMIT ${PAGE}`,
  );
  for (const { id, name: dataset } of datasetsIn(db, hasDataset)) {
    for (let after: string | Buffer | undefined = ""; after !== undefined;) {
      const rows = select.all({ id, after, code }) as Row[];
      yield { id, dataset, rows: rows.filter(({ raw }) => hasRaw(pathText(raw))) };
      after = rows.at(-1)?.raw;
    }
  }
}
