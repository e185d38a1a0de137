import type { DatasetTotals, FailuresOfCode } from "../../rows.ts";
import type { FailureCode } from "../../../errors.ts";
import { pathText } from "../../../lib/pep383.ts";
import { IS_ACKNOWLEDGED } from "../../listed.ts";
import type { Db } from "../open.ts";

/**
 * Prepares a function that is true when lines of a dataset have been taken in, if only of a file
 * that was forgotten. Files that were found by looking do not count.
 */
export function hasFilesOf(db: Db): (dataset: number) => boolean {
  const one = db
    .prepare(
      `SELECT 1 FROM files WHERE dataset = @dataset AND inode IS NULL
       UNION ALL SELECT 1 FROM forgotten WHERE dataset = @dataset LIMIT 1`,
    )
    .pluck();
  return (dataset) => one.get({ dataset }) !== undefined;
}

/** The number of a dataset's entries. */
export function entriesKnownOf(db: Db): (dataset: number) => number {
  const sum = db.prepare("SELECT coalesce(sum(n), 0) FROM totals WHERE dataset = ?").pluck();
  return (dataset) => sum.get(dataset) as number;
}

/** Returns the next time after `now` at which something is due; both ms since epoch. */
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

const MINUTE_MS = 60_000;
/** Unconfirmed entries that are counted: without a manifest, all entries are. */
const MOST_UNCONFIRMED = 10_000;

/**
 * Every dataset at a glance, by name. Costs a look at the entries that wait, and not at all of
 * them.
 */
export function datasetTotals(db: Db, now: number): DatasetTotals[] {
  const totals = db
    .prepare(
      `WITH total AS (
         SELECT dataset, sum(n) AS entries, sum(n) FILTER (WHERE outcome = 'sampled') AS sampled,
           sum(n) FILTER (WHERE outcome = 'described') AS described,
           sum(n) FILTER (WHERE outcome = 'failed') AS failed,
           sum(n) FILTER (WHERE outcome = 'pruned') AS pruned
         FROM totals GROUP BY dataset
       ), backlog AS (
         SELECT dataset, count(*) AS waiting, sum(next_at <= @now) AS due,
           min(CASE WHEN next_at <= @now THEN next_at END) AS oldestDueAt
         FROM files INDEXED BY due WHERE next_at IS NOT NULL GROUP BY dataset
       ), refuted AS (
         SELECT dataset, sum(validation = 'failed') AS invalid,
           sum(validation = 'error') AS unchecked
         FROM files INDEXED BY refuted WHERE validation IN ('failed', 'error') GROUP BY dataset
       ), verdict AS (
         SELECT dataset, sum(n) FILTER (WHERE result = 'passed') AS passed,
           sum(n) FILTER (WHERE result = 'warned') AS warned,
           sum(n) FILTER (WHERE result = 'failed') AS failures,
           sum(n) FILTER (WHERE result = 'error') AS errors
         FROM verdicts GROUP BY dataset
       )
       SELECT d.name AS dataset, coalesce(passed, 0) AS validatedPassed,
         coalesce(warned, 0) AS validatedWarned, coalesce(failures, 0) AS validatedFailed,
         coalesce(errors, 0) AS validatedError, coalesce(invalid, 0) AS invalid,
         coalesce(unchecked, 0) AS unchecked, coalesce(entries, 0) AS entries, coalesce(sampled, 0) AS sampled,
         coalesce(described, 0) AS described, coalesce(failed, 0) AS failed, coalesce(pruned, 0) AS pruned,
         coalesce(waiting, 0) AS waiting, coalesce(due, 0) AS due, oldestDueAt,
         (SELECT count(*) FROM files AS seen INDEXED BY acknowledged_files
            WHERE dataset = d.id AND ${IS_ACKNOWLEDGED}) AS acknowledged,
         (SELECT count(*) FROM rejected AS r WHERE r.dataset = d.id) AS rejected,
         (SELECT count(*) FROM rejected AS seen INDEXED BY acknowledged_rejected
            WHERE dataset = d.id AND acknowledged_at IS NOT NULL) AS acknowledgedLines,
         (SELECT count(*) FROM (VALUES ('sampled'), ('described'), ('failed')) AS o CROSS JOIN files AS f
            INDEXED BY settled
            ON f.dataset = d.id AND f.counted = o.column1 AND f.settled_at > @minute) AS lastMinute,
         coalesce((SELECT n FROM counts WHERE dataset = d.id AND what = 'readBytes'), 0)
           AS readBytes
       FROM datasets AS d LEFT JOIN total ON total.dataset = d.id
         LEFT JOIN backlog ON backlog.dataset = d.id
         LEFT JOIN refuted ON refuted.dataset = d.id LEFT JOIN verdict ON verdict.dataset = d.id
       WHERE d.forgotten_at IS NULL ORDER BY d.name`,
    )
    .all({ now, minute: now - MINUTE_MS }) as Omit<DatasetTotals, "unconfirmed">[];
  const unconfirmed = unconfirmedOf(db);
  return totals.map((each) => Object.assign(each, { unconfirmed: unconfirmed(each.dataset) }));
}

/** Prepares the count of a dataset's entries that no line has named; it ends at `MOST_UNCONFIRMED`. */
function unconfirmedOf(db: Db): (dataset: string) => number {
  const count = db
    .prepare(
      `SELECT count(*) FROM (
         SELECT 1 FROM files AS f INDEXED BY found
         WHERE f.dataset = (SELECT id FROM datasets WHERE name = ?) AND f.inode IS NOT NULL
         LIMIT ${MOST_UNCONFIRMED})`,
    )
    .pluck();
  return (dataset) => count.get(dataset) as number;
}

/** Failures by code, most first. */
export function failuresByCode(db: Db): FailuresOfCode[] {
  const codes = db
    .prepare(
      `SELECT code, count(*) AS entries FROM files INDEXED BY failed WHERE code IS NOT NULL
       GROUP BY code ORDER BY entries DESC, code`,
    )
    .all() as { code: FailureCode; entries: number }[];
  const seen = db
    .prepare(
      `SELECT code, count(*) FROM files AS seen INDEXED BY acknowledged_files
       WHERE ${IS_ACKNOWLEDGED} GROUP BY code`,
    )
    .raw()
    .all() as [FailureCode, number][];
  const acknowledged = new Map(seen);
  const exampleOf = db.prepare(
    `SELECT d.name AS dataset, f.raw, coalesce(f.message, '') AS message
     FROM files AS f INDEXED BY failed CROSS JOIN datasets AS d ON d.id = f.dataset
     WHERE f.code = ? LIMIT 1`,
  );
  return codes.map(({ code, entries }) => {
    const found = exampleOf.get(code) as { dataset: string; raw: Buffer; message: string };
    const example = { ...found, raw: pathText(found.raw) };
    return { code, entries, acknowledged: acknowledged.get(code) ?? 0, example };
  });
}
