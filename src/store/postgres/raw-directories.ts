import type { RawDirectory } from "../../raw/types.ts";
import type { Sql } from "./connect.ts";
import { bytesOf, pathOf } from "../paths.ts";

/** A dataset's directories of raw files, as they were listed last. */
export async function directoriesOf(sql: Sql, dataset: number): Promise<readonly RawDirectory[]> {
  const rows = await sql.all<{ path: Buffer; state: string; listed_at: number }>(
    "SELECT path, state, listed_at FROM raw_directories WHERE dataset = $1 ORDER BY path",
    [dataset],
  );
  return rows.map(({ path, state, listed_at: listedAt }) => ({
    path: pathOf(path),
    state,
    listedAt,
  }));
}

/** The names that are known of a directory, joined; empty where it was never listed. */
export async function namesIn(sql: Sql, dataset: number, path: string): Promise<string> {
  const text = "SELECT names FROM raw_names WHERE dataset = $1 AND directory = $2";
  const found = await sql.get<{ names: Buffer }>(text, [dataset, bytesOf(path)]);
  return found === undefined ? "" : pathOf(found.names);
}

/** Remembers directories as they were listed; of those that come twice, the last one. */
export async function saveDirectories(
  sql: Sql,
  dataset: number,
  directories: readonly RawDirectory[],
): Promise<void> {
  const all = [...new Map(directories.map((directory) => [directory.path, directory])).values()];
  if (all.length === 0) return;
  await sql.run(
    `INSERT INTO raw_directories (dataset, path, state, listed_at)
     SELECT $1::int, * FROM unnest($2::bytea[], $3::text[], $4::bigint[]) AS t (path, state, listed_at)
       ORDER BY path
     ON CONFLICT (dataset, path) DO UPDATE SET state = excluded.state,
       listed_at = excluded.listed_at`,
    [
      dataset,
      all.map(({ path }) => bytesOf(path)),
      all.map(({ state }) => state),
      all.map(({ listedAt }) => listedAt),
    ],
  );
}

/** Notes directories that are still to be listed; nothing changes for those that are known. */
export async function noteDirectories(
  sql: Sql,
  dataset: number,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  await sql.run(
    `INSERT INTO raw_directories (dataset, path, state, listed_at)
     SELECT $1::int, path, '', 0 FROM unnest($2::bytea[]) AS t (path) ORDER BY path
     ON CONFLICT (dataset, path) DO NOTHING`,
    [dataset, paths.map(bytesOf)],
  );
}

/** Saves the names that are known of directories, by the paths of those. */
export async function saveNames(
  sql: Sql,
  dataset: number,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  if (names.size === 0) return;
  await sql.run(
    `INSERT INTO raw_names (dataset, directory, names)
     SELECT $1::int, * FROM unnest($2::bytea[], $3::bytea[]) AS t (directory, names)
       ORDER BY directory
     ON CONFLICT (dataset, directory) DO UPDATE SET names = excluded.names`,
    [dataset, [...names.keys()].map(bytesOf), [...names.values()].map(bytesOf)],
  );
}

/** Removes a directory and the names that are known of it. */
export async function removeDirectory(sql: Sql, dataset: number, path: string): Promise<void> {
  const key = [dataset, bytesOf(path)];
  await sql.run("DELETE FROM raw_directories WHERE dataset = $1 AND path = $2", key);
  await sql.run("DELETE FROM raw_names WHERE dataset = $1 AND directory = $2", key);
}
