import type { Entry } from "../../manifest/types.ts";
import type { Sql } from "./connect.ts";
import { bytesOf, pathOf } from "./paths.ts";

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
