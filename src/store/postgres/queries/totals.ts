import { IS_ACKNOWLEDGED } from "../../listed.ts";
import type { DatasetTotals, FailuresOfCode } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { pathOf } from "../../paths.ts";

const MINUTE_MS = 60_000;
/** Unconfirmed entries that are counted: without a manifest, all entries are. */
const MOST_UNCONFIRMED = 10_000;

/**
 * Every dataset at a glance, by name. Costs a look at the entries that wait, and not at all of
 * them.
 */
export function datasetTotals(sql: Sql, now: number): Promise<readonly DatasetTotals[]> {
  return sql.all(
    `SELECT d.name AS dataset, total.*, verdict.*, backlog.*, refuted.*, acknowledged.*, line.*,
       recent.*, unconfirmed.*,
       coalesce((SELECT n FROM counts WHERE dataset = d.id AND what = 'readBytes'), 0) AS "readBytes"
     FROM datasets AS d
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(n), 0) AS entries, ${sums("n", "outcome", OUTCOMES)}
       FROM totals WHERE dataset = d.id) AS total
     CROSS JOIN LATERAL (
       SELECT ${sums("n", "result", VERDICTS)} FROM verdicts WHERE dataset = d.id) AS verdict
     CROSS JOIN LATERAL (
       SELECT count(*) AS waiting, count(*) FILTER (WHERE next_at <= $1) AS due,
         min(next_at) FILTER (WHERE next_at <= $1) AS "oldestDueAt"
       FROM files WHERE dataset = d.id AND next_at IS NOT NULL) AS backlog
     CROSS JOIN LATERAL (
       SELECT ${sums("1", "validation", REFUTED)}
       FROM files WHERE dataset = d.id AND validation IN ('failed', 'error')) AS refuted
     CROSS JOIN LATERAL (
       SELECT count(*) AS acknowledged
       FROM files WHERE dataset = d.id AND ${IS_ACKNOWLEDGED}) AS acknowledged
     CROSS JOIN LATERAL (
       SELECT count(*) AS rejected,
         count(*) FILTER (WHERE acknowledged_at IS NOT NULL) AS "acknowledgedLines"
       FROM rejected WHERE dataset = d.id) AS line
     CROSS JOIN LATERAL (
       SELECT count(*) AS "lastMinute"
       FROM (VALUES ('sampled'), ('described'), ('failed')) AS o (outcome)
         JOIN files AS f ON f.dataset = d.id AND f.counted = o.outcome AND f.settled_at > $2) AS recent
     CROSS JOIN LATERAL (
       SELECT count(*) AS unconfirmed FROM (
         SELECT FROM files WHERE dataset = d.id AND inode IS NOT NULL LIMIT ${MOST_UNCONFIRMED}) AS f
       ) AS unconfirmed
     WHERE d.forgotten_at IS NULL ORDER BY d.name`,
    [now, now - MINUTE_MS],
  );
}

/** Columns of totals by the value that each of them counts. */
type Columns = Readonly<Record<string, string>>;
const OUTCOMES: Columns = {
  sampled: "sampled",
  described: "described",
  failed: "failed",
  pruned: "pruned",
};
const VERDICTS: Columns = {
  validatedPassed: "passed",
  validatedWarned: "warned",
  validatedFailed: "failed",
  validatedError: "error",
};
const REFUTED: Columns = { invalid: "failed", unchecked: "error" };

/** Sums of `n` over the rows in which a column has each of these values. */
function sums(n: string, of: string, columns: Columns): string {
  const one = ([column, value]: [string, string]) =>
    `coalesce(sum(${n}) FILTER (WHERE ${of} = '${value}'), 0) AS "${column}"`;
  return Object.entries(columns).map(one).join(", ");
}

/** Failures by code, most first: a step of the index for each code, and a look at the entries that failed. */
export async function failuresByCode(sql: Sql): Promise<readonly FailuresOfCode[]> {
  const rows = await sql.all<CodeRow>(
    `WITH RECURSIVE known (code) AS (
       (SELECT code FROM files WHERE code IS NOT NULL ORDER BY code LIMIT 1)
       UNION ALL
       SELECT (SELECT code FROM files WHERE code > known.code ORDER BY code LIMIT 1)
       FROM known WHERE known.code IS NOT NULL
     ), seen AS (
       SELECT f.code, sum(f.n) AS n FROM datasets AS d CROSS JOIN LATERAL (
         SELECT code, count(*) AS n FROM files WHERE dataset = d.id AND ${IS_ACKNOWLEDGED}
         GROUP BY code) AS f
       GROUP BY f.code
     )
     SELECT known.code, failed.entries, coalesce(seen.n, 0) AS acknowledged, example.*
     FROM known CROSS JOIN LATERAL (
       SELECT count(*) AS entries FROM files WHERE code = known.code) AS failed
     LEFT JOIN seen ON seen.code = known.code
     CROSS JOIN LATERAL (
       SELECT d.name AS dataset, f.raw, coalesce(f.message, '') AS message
       FROM (SELECT * FROM files WHERE code = known.code ORDER BY dataset, raw LIMIT 1) AS f
         JOIN datasets AS d ON d.id = f.dataset) AS example
     ORDER BY failed.entries DESC, known.code COLLATE "C"`,
  );
  return rows.map(({ code, entries, acknowledged, dataset, raw, message }) => ({
    code,
    entries,
    acknowledged,
    example: { dataset, raw: pathOf(raw), message },
  }));
}

interface CodeRow extends Pick<FailuresOfCode, "code" | "entries" | "acknowledged"> {
  readonly dataset: string;
  readonly raw: Buffer;
  readonly message: string;
}
