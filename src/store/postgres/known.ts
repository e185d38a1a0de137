import type { Sql } from "./connect.ts";

/**
 * True when lines of a dataset have been taken in, if only of a file that was forgotten. Files that
 * were found by looking do not count.
 */
export async function hasLines(sql: Sql, dataset: number): Promise<boolean> {
  // In the order of the key: else a plan may look at all rows for the first.
  const found = await sql.get<{ is_there: boolean }>(
    `SELECT coalesce(
       (SELECT true FROM files WHERE dataset = $1 AND inode IS NULL ORDER BY raw LIMIT 1),
       (SELECT true FROM forgotten WHERE dataset = $1 ORDER BY raw LIMIT 1), false) AS is_there`,
    [dataset],
  );
  return found?.is_there === true;
}

/** The number of a dataset's entries. */
export async function entriesKnown(sql: Sql, dataset: number): Promise<number> {
  const text = "SELECT coalesce(sum(n), 0) AS n FROM totals WHERE dataset = $1";
  return (await sql.get<{ n: number }>(text, [dataset]))?.n ?? 0;
}
