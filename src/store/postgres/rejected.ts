import type { RejectedLine } from "../../manifest/types.ts";
import type { Sql } from "./connect.ts";
import { textOf } from "../paths.ts";

/**
 * Writes rejected lines; within a transaction. Those that people had acknowledged before their
 * manifest was read again are so again. `now` is ms since epoch.
 */
export async function addRejected(
  sql: Sql,
  dataset: number,
  lines: readonly RejectedLine[],
  now: number,
): Promise<void> {
  if (lines.length === 0) return;
  // Of lines that are alike, each takes one acknowledged line.
  await sql.run(
    `WITH bad AS (
       SELECT t.*, row_number() OVER (PARTITION BY line, "offset", reason ORDER BY nr) - 1 AS before
       FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]) WITH ORDINALITY
         AS t (path, line, "offset", reason, nr)
     ), seen AS MATERIALIZED (
       SELECT bad.*, a.id, a.at FROM bad LEFT JOIN LATERAL (
         SELECT id, at FROM acknowledged_lines
         WHERE dataset = $1 AND line = bad.line AND "offset" = bad."offset" AND reason = bad.reason
         ORDER BY id LIMIT 1 OFFSET bad.before) AS a ON true
     ), found AS (
       DELETE FROM acknowledged_lines
       WHERE id = ANY (ARRAY(SELECT id FROM seen WHERE id IS NOT NULL))
     )
     INSERT INTO rejected (dataset, path, line, "offset", reason, at, acknowledged_at)
     SELECT $1::int, path, line, "offset", reason, $6::bigint, at FROM seen ORDER BY nr`,
    [
      dataset,
      lines.map(({ path }) => textOf(path)),
      lines.map(({ line }) => line),
      lines.map(({ offset }) => offset),
      lines.map(({ reason }) => textOf(reason)),
      now,
    ],
  );
}

/** Forgets the rejected lines of a dataset: they will be found again. */
export async function forgetRejected(sql: Sql, dataset: number): Promise<void> {
  await sql.run(
    `WITH removed AS (DELETE FROM rejected WHERE dataset = $1
       RETURNING id, dataset, line, "offset", reason, acknowledged_at)
     INSERT INTO acknowledged_lines (dataset, line, "offset", reason, at)
     SELECT dataset, line, "offset", reason, acknowledged_at FROM removed
     WHERE acknowledged_at IS NOT NULL ORDER BY id`,
    [dataset],
  );
}

/** Ends that: acknowledged lines that were not found again are gone with their file. */
export async function endRejected(sql: Sql, dataset: number): Promise<void> {
  await sql.run("DELETE FROM acknowledged_lines WHERE dataset = $1", [dataset]);
}
