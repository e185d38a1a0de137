import type { Entry } from "../../manifest/types.ts";
import type { Sql } from "./connect.ts";
import type { ForgottenRaw } from "./fold-receipts.ts";
import { bytesOf, pathOf } from "../paths.ts";

/**
 * Those of some raws that were forgotten with the mtime that they have here. One that has another
 * mtime is no longer forgotten.
 */
export async function forgottenAmong(
  sql: Sql,
  dataset: number,
  entries: readonly Pick<Entry, "raw" | "mtime">[],
): Promise<ReadonlySet<string>> {
  if (entries.length === 0) return new Set();
  const rows = await sql.all<{ raw: Buffer }>(
    `WITH found AS MATERIALIZED (
       SELECT w.raw, f.place, f.mtime = w.mtime AS is_same
       FROM unnest($2::bytea[], $3::double precision[]) AS w (raw, mtime) CROSS JOIN LATERAL (
         SELECT ctid AS place, mtime FROM forgotten WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS f
     ), back AS (
       DELETE FROM forgotten WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE NOT is_same))
     )
     SELECT raw FROM found WHERE is_same`,
    [dataset, entries.map(({ raw }) => bytesOf(raw)), entries.map(({ mtime }) => mtime)],
  );
  return new Set(rows.map(({ raw }) => pathOf(raw)));
}

/** Remembers that raws are forgotten. */
export async function saveForgotten(
  sql: Sql,
  dataset: number,
  forgotten: ReadonlyMap<string, ForgottenRaw>,
): Promise<void> {
  if (forgotten.size === 0) return;
  const all = [...forgotten.values()];
  await sql.run(
    `INSERT INTO forgotten (dataset, raw, mtime, at)
     SELECT $1::int, * FROM unnest($2::bytea[], $3::double precision[], $4::bigint[])
       AS t (raw, mtime, at) ORDER BY raw
     ON CONFLICT (dataset, raw) DO UPDATE SET mtime = excluded.mtime, at = excluded.at`,
    [
      dataset,
      [...forgotten.keys()].map(bytesOf),
      all.map(({ mtime }) => mtime),
      all.map(({ at }) => at),
    ],
  );
}

/** Raws are no longer forgotten, where they were. */
export async function endForgotten(
  sql: Sql,
  dataset: number,
  raws: ReadonlySet<string>,
): Promise<void> {
  if (raws.size === 0) return;
  await sql.run(
    `DELETE FROM forgotten WHERE ctid = ANY (ARRAY(
       SELECT f.place FROM unnest($2::bytea[]) AS w (raw) CROSS JOIN LATERAL (
         SELECT ctid AS place FROM forgotten WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS f))`,
    [dataset, [...raws].map(bytesOf)],
  );
}

/** Forgets what was settled in a dataset up to a time, ms since epoch, within a transaction. */
export async function forgetUntil(sql: Sql, dataset: number, until: number): Promise<void> {
  const values = [dataset, until];
  await sql.run("DELETE FROM files WHERE dataset = $1 AND coalesce(settled_at, 0) <= $2", values);
  await sql.run("DELETE FROM forgotten WHERE dataset = $1 AND at <= $2", values);
  await sql.run(
    `DELETE FROM names WHERE dataset = $1 AND NOT EXISTS (
       SELECT 1 FROM files AS f WHERE f.dataset = names.dataset AND f.raw = names.raw)`,
    [dataset],
  );
  // Transactions that have changed totals are over by then; others wait.
  await sql.run("LOCK TABLE totals IN SHARE ROW EXCLUSIVE MODE");
  await sql.run("DELETE FROM totals WHERE dataset = $1", [dataset]);
  await sql.run(
    `INSERT INTO totals (dataset, outcome, n)
     SELECT dataset, coalesce(counted, 'new'), count(*) FROM files WHERE dataset = $1 GROUP BY 1, 2`,
    [dataset],
  );
}
