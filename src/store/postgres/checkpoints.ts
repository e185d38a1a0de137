import type { ManifestPlace } from "../ingest-store.ts";
import type { Checkpoint } from "../../manifest/types.ts";
import { noteChange } from "./changes.ts";
import type { Sql } from "./connect.ts";
import { textOf } from "../paths.ts";

/** A dataset's checkpoints, the current one first. */
export function checkpointsOf(sql: Sql, dataset: number): Promise<readonly Checkpoint[]> {
  return sql.all(
    `SELECT file, path, "offset", line, hash, retired_at AS "retiredAt" FROM checkpoints
     WHERE dataset = $1 ORDER BY retired_at IS NOT NULL, retired_at DESC, file`,
    [dataset],
  );
}

/** Saves checkpoints. Lines up to there are no longer compared together. */
export async function saveCheckpoints(
  sql: Sql,
  dataset: number,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  if (checkpoints.length === 0) return;
  const all = [...new Map(checkpoints.map((checkpoint) => [checkpoint.file, checkpoint])).values()];
  await sql.run(
    `WITH compared AS (DELETE FROM together WHERE dataset = $1)
     INSERT INTO checkpoints (dataset, file, path, "offset", line, hash, retired_at)
     SELECT $1::int, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
       AS t (file, path, "offset", line, hash, retired_at) ORDER BY file COLLATE "C"
     ON CONFLICT (dataset, file) DO UPDATE SET path = excluded.path, "offset" = excluded."offset",
       line = excluded.line, hash = excluded.hash, retired_at = excluded.retired_at`,
    [
      dataset,
      all.map(({ file }) => file),
      all.map(({ path }) => textOf(path)),
      all.map(({ offset }) => offset),
      all.map(({ line }) => line),
      all.map(({ hash }) => hash),
      all.map(({ retiredAt }) => retiredAt),
    ],
  );
}

/** Replaces all checkpoints of a dataset, within a transaction, and lets other processes know. */
export async function replaceCheckpoints(
  sql: Sql,
  dataset: number,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  await sql.run("DELETE FROM checkpoints WHERE dataset = $1", [dataset]);
  await saveCheckpoints(sql, dataset, checkpoints);
  await noteChange(sql);
}

/** Removes the checkpoint of a manifest file. */
export async function removeCheckpoint(sql: Sql, dataset: number, file: string): Promise<void> {
  await sql.run("DELETE FROM checkpoints WHERE dataset = $1 AND file = $2", [dataset, file]);
}

/**
 * Remembers, until a checkpoint of the dataset is saved, that the lines up to this one are compared
 * together.
 */
export async function putTogether(
  sql: Sql,
  dataset: number,
  { file, offset, hash }: ManifestPlace,
): Promise<void> {
  await sql.run(
    `INSERT INTO together (dataset, file, "offset", hash) VALUES ($1, $2, $3, $4)
     ON CONFLICT (dataset) DO UPDATE SET file = excluded.file, "offset" = excluded."offset",
       hash = excluded.hash`,
    [dataset, file, offset, hash],
  );
}

/** The place up to which lines are compared together; undefined where none is remembered. */
export function togetherUpTo(sql: Sql, dataset: number): Promise<ManifestPlace | undefined> {
  return sql.get(`SELECT file, "offset", hash FROM together WHERE dataset = $1`, [dataset]);
}
