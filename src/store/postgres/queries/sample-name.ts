import type { RawName } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { namesOf, type NamedRow } from "./near-raws.ts";

/** The raws that a sample name was given to, by dataset; of one dataset where it is named. */
export async function rawsOfSample(
  sql: Sql,
  name: string,
  dataset?: string,
): Promise<readonly RawName[]> {
  const rows = await sql.all<NamedRow>(
    `SELECT d.name AS dataset, n.raw FROM datasets AS d
     CROSS JOIN LATERAL (
       SELECT raw FROM names WHERE dataset = d.id AND name = $1 AND NOT is_folded LIMIT 1) AS n
     CROSS JOIN LATERAL (SELECT FROM files WHERE dataset = d.id AND raw = n.raw LIMIT 1) AS f
     WHERE $2::text IS NULL OR d.name = $2 ORDER BY d.name`,
    [name, dataset],
  );
  return namesOf(rows);
}
