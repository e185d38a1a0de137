import { IS_ACKNOWLEDGED } from "../../listed.ts";
import type { RecordedSample } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { bytesOf, pathOf, textOf } from "../../paths.ts";

type Row = Omit<RecordedSample, "raw" | "acknowledged"> & {
  readonly raw: Buffer;
  readonly acknowledged: boolean | null;
};

/** A dataset's entries after a raw, in order, at most `count`; from the first where it is null. */
export async function recordedSamples(
  sql: Sql,
  dataset: number,
  after: string | null,
  count: number,
): Promise<readonly RecordedSample[]> {
  const rows = await sql.all<Row>(
    `SELECT raw, sample, bytes, outcome, next_at IS NOT NULL AS waiting,
       ${IS_ACKNOWLEDGED} AS acknowledged, gone_at AS "goneAt"
     FROM files WHERE dataset = $1 AND ($2::bytea IS NULL OR raw > $2) ORDER BY raw LIMIT $3`,
    [dataset, after === null ? null : bytesOf(after), count],
  );
  return rows.map(({ raw, acknowledged, ...row }) =>
    Object.assign(row, { raw: pathOf(raw), acknowledged: acknowledged === true }),
  );
}

/** Returns those of these raws that are not entries and were not forgotten. */
export async function missingOf(
  sql: Sql,
  dataset: number,
  raws: readonly string[],
): Promise<readonly string[]> {
  const missing = await sql.all<{ readonly i: number }>(
    `SELECT w.i FROM unnest($2::bytea[]) WITH ORDINALITY AS w (raw, i)
       LEFT JOIN LATERAL (
         SELECT true AS is_there FROM files WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS f ON true
       LEFT JOIN LATERAL (
         SELECT true AS is_there FROM forgotten WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS g ON true
     WHERE f.is_there IS NULL AND g.is_there IS NULL ORDER BY w.i`,
    [dataset, raws.map(bytesOf)],
  );
  return missing.map(({ i }) => raws[i - 1] as string);
}

/** Returns those of these files below `samples/` that are no entry's sample. */
export async function orphansAmong(
  sql: Sql,
  dataset: number,
  names: readonly string[],
): Promise<readonly string[]> {
  const orphans = await sql.all<{ readonly i: number }>(
    `SELECT w.i FROM unnest($2::text[]) WITH ORDINALITY AS w (name, i)
       LEFT JOIN LATERAL (
         SELECT raw FROM names WHERE dataset = $1 AND name = w.name AND NOT is_folded LIMIT 1) AS n ON true
       LEFT JOIN LATERAL (
         SELECT sample FROM files WHERE dataset = $1 AND raw = n.raw LIMIT 1) AS f ON true
     WHERE f.sample IS DISTINCT FROM w.name ORDER BY w.i`,
    [dataset, names.map(textOf)],
  );
  return orphans.map(({ i }) => names[i - 1] as string);
}
