import type { FailureCode } from "../../../errors.ts";
import type { RejectedLine } from "../../../manifest/types.ts";
import { IS_ACKNOWLEDGED, timeOf } from "../../listed.ts";
import type { AcknowledgedLine, FailedEntry, FailureFilter, RejectedEntry } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { datasetsOf } from "../datasets.ts";
import { pathOf } from "../../paths.ts";

/** The part of a failed entry's row that people see. */
export interface FailedRow {
  readonly raw: Buffer;
  readonly outcome: "failed" | "pruned";
  readonly code: FailureCode | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly failedAt: number | null;
  readonly nextAt: number | null;
  readonly acknowledged: boolean | null;
}

/** Failed entries of one dataset. */
export interface FailedPage {
  readonly id: number;
  readonly dataset: string;
  readonly rows: readonly FailedRow[];
}

interface RejectedRow extends RejectedLine {
  readonly id: number;
  readonly at: number;
  readonly acknowledged: boolean;
}

/** Rows that are read at once. */
const PAGE = 1000;

/** Yields failed entries by dataset and raw. */
export async function* failedEntries(
  sql: Sql,
  filter: FailureFilter,
): AsyncGenerator<FailedEntry, void, void> {
  for await (const { dataset, rows } of failedPages(sql, filter)) {
    for (const { raw, code, message, attempts, failedAt, nextAt, ...row } of rows) {
      const times = { failedAt: timeOf(failedAt), nextAt: timeOf(nextAt) };
      const acknowledged = row.acknowledged === true;
      yield { dataset, raw: pathOf(raw), code, message, attempts, ...times, acknowledged };
    }
  }
}

/** Yields pages of failed entries by dataset and raw. */
export async function* failedPages(
  sql: Sql,
  { code, withPruned = false, hasDataset, hasRaw }: FailureFilter,
): AsyncGenerator<FailedPage, void, void> {
  const outcomes = withPruned ? "('failed', 'pruned')" : "('failed')";
  // Without a code all entries are gone through: a rebuilt cache has failures without one.
  const text = `SELECT raw, outcome, code, message, attempts, failed_at AS "failedAt",
       next_at AS "nextAt", ${IS_ACKNOWLEDGED} AS acknowledged
     FROM files WHERE dataset = $1 AND raw > $2 AND outcome IN ${outcomes}
       ${code === undefined ? "" : "AND code = $3"}
     ORDER BY raw LIMIT ${PAGE}`;
  for (const { id, name: dataset } of await datasetsOf(sql).matching(hasDataset)) {
    for (let after: Buffer | undefined = Buffer.alloc(0); after !== undefined;) {
      const values: unknown[] = [id, after, ...(code === undefined ? [] : [code])];
      const rows: readonly FailedRow[] = await sql.all<FailedRow>(text, values);
      yield { id, dataset, rows: rows.filter(({ raw }) => hasRaw(pathOf(raw))) };
      after = rows.length < PAGE ? undefined : rows.at(-1)?.raw;
    }
  }
}

/** Yields rejected manifest lines by dataset, in the order they came. */
export async function* rejectedLines(
  sql: Sql,
  { hasDataset }: Pick<FailureFilter, "hasDataset">,
): AsyncGenerator<RejectedEntry, void, void> {
  for (const { id: dataset, name } of await datasetsOf(sql).matching(hasDataset)) {
    for (let after: number | undefined = 0; after !== undefined;) {
      const rows: readonly RejectedRow[] = await sql.all<RejectedRow>(
        `SELECT id, path, line, "offset", reason, at, acknowledged_at IS NOT NULL AS acknowledged
         FROM rejected WHERE dataset = $1 AND id > $2 ORDER BY id LIMIT ${PAGE}`,
        [dataset, after],
      );
      for (const { id: _, at, ...line } of rows)
        yield { dataset: name, ...line, at: new Date(at).toISOString() };
      after = rows.length < PAGE ? undefined : rows.at(-1)?.id;
    }
  }
}

/** Counts the acknowledged bad lines of a dataset, by place and reason. */
export function acknowledgedLines(sql: Sql, dataset: number): Promise<readonly AcknowledgedLine[]> {
  return sql.all(
    `SELECT line, "offset", reason, count(*) AS count
     FROM rejected WHERE dataset = $1 AND acknowledged_at IS NOT NULL
     GROUP BY line, "offset", reason ORDER BY line, "offset", reason COLLATE "C"`,
    [dataset],
  );
}
