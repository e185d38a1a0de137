import { pathBelow } from "../../lib/path-below.ts";
import { hasRested, type Resting } from "../../raw/ready.ts";
import type { ListedPage, RawFile } from "../../raw/types.ts";
import type { RawBatch } from "../raw-store.ts";
import type { Sql } from "./connect.ts";
import { bytesOf, pathOf, storedPath } from "../paths.ts";

/** A file that was found in a directory. */
export interface FoundFile extends RawFile {
  readonly raw: string;
}

/** A file that has to stay as it is for a while before it counts as complete. */
interface Awaited extends Pick<RawFile, "name" | "seen"> {
  readonly path: string;
}

/** A directory whose listing has ended, and when that began, ms since epoch. */
export interface ListedDirectory {
  readonly path: string;
  readonly listedAt: number;
}

/**
 * Those of the files that were found that are complete, each once; the others are remembered as they
 * look. Belongs in the transaction that takes the files. `now` is ms since epoch.
 */
export async function readyFiles(
  sql: Sql,
  dataset: number,
  { pages, quietSeconds }: Pick<RawBatch, "pages" | "quietSeconds">,
  now: number,
): Promise<readonly FoundFile[]> {
  const found = new Map(pages.flatMap(filesIn));
  const asked = [...found].filter(([, { rests }]) => rests);
  const before = await restingAmong(
    sql,
    dataset,
    asked.map(([, file]) => file),
  );
  const awaited = asked.filter(
    ([, { seen }], i) => !hasRested(before[i], seen, { now, quietSeconds }),
  );
  await rememberAll(
    sql,
    dataset,
    awaited.map(([, file]) => file),
    now,
  );
  for (const [raw] of awaited) found.delete(raw);
  return [...found.values()];
}

function filesIn({ path, came }: ListedPage): [string, FoundFile & Awaited][] {
  return came.map((file) => {
    const raw = storedPath(pathBelow(path, file.name));
    return [raw, Object.assign({ raw, path }, file)];
  });
}

/** What is remembered of files, in their order. */
async function restingAmong(
  sql: Sql,
  dataset: number,
  files: readonly Awaited[],
): Promise<readonly (Resting | undefined)[]> {
  if (files.length === 0) return [];
  const rows = await sql.all<Resting & { readonly at: number }>(
    `SELECT w.at, r.seen, r.since
     FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS w (directory, name, at)
       CROSS JOIN LATERAL (SELECT seen, since FROM raw_resting
         WHERE dataset = $1 AND directory = w.directory AND name = w.name LIMIT 1) AS r`,
    [dataset, ...keysOf(files)],
  );
  const found = new Map(rows.map((row) => [row.at, row]));
  return files.map((_, i) => found.get(i + 1));
}

async function rememberAll(
  sql: Sql,
  dataset: number,
  files: readonly Awaited[],
  now: number,
): Promise<void> {
  if (files.length === 0) return;
  // A clock that was set back would have us wait for as long as it was.
  await sql.run(
    `INSERT INTO raw_resting AS r (dataset, directory, name, seen, since, looked_at)
     SELECT $1::int, directory, name, seen, $5::bigint, $5::bigint
     FROM unnest($2::bytea[], $3::bytea[], $4::text[]) AS t (directory, name, seen)
       ORDER BY directory, name
     ON CONFLICT (dataset, directory, name) DO UPDATE SET looked_at = excluded.looked_at,
       since = CASE WHEN r.seen = excluded.seen THEN least(r.since, excluded.since)
         ELSE excluded.since END,
       seen = excluded.seen`,
    [dataset, ...keysOf(files), files.map(({ seen }) => seen), now],
  );
}

function keysOf(files: readonly Awaited[]): [readonly Buffer[], readonly Buffer[]] {
  return [files.map(({ path }) => bytesOf(path)), files.map(({ name }) => bytesOf(name))];
}

/**
 * Names of files that were remembered since the listing of their directory began, by the path of
 * that; others, which no look has seen any more, are forgotten.
 */
export async function endResting(
  sql: Sql,
  dataset: number,
  directories: readonly ListedDirectory[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await sql.all<{ directory: Buffer; name: Buffer }>(
    `WITH found AS MATERIALIZED (
       SELECT r.*, looked_at < w.listed_at AS is_over
       FROM unnest($2::bytea[], $3::bigint[]) AS w (directory, listed_at) CROSS JOIN LATERAL (
         SELECT ctid AS place, directory, name, looked_at FROM raw_resting
         WHERE dataset = $1 AND directory = w.directory OFFSET 0) AS r
     ), over AS (
       DELETE FROM raw_resting WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE is_over))
     )
     SELECT directory, name FROM found WHERE NOT is_over`,
    [
      dataset,
      directories.map(({ path }) => bytesOf(path)),
      directories.map(({ listedAt }) => Math.min(listedAt, Number.MAX_SAFE_INTEGER)),
    ],
  );
  const awaited = new Map<string, Set<string>>();
  for (const { directory, name } of rows) {
    const path = pathOf(directory);
    awaited.set(path, (awaited.get(path) ?? new Set()).add(pathOf(name)));
  }
  return awaited;
}
