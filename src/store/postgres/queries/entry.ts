import { type ListedRow, wholeEntryOf } from "../../listed.ts";
import type { WholeEntry } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { bytesOf } from "../../paths.ts";

/** The entries of a raw, by dataset; of one dataset where it is named. */
export async function entriesOf(sql: Sql, raw: string, dataset?: string): Promise<WholeEntry[]> {
  const rows = await sql.all<ListedRow>(
    `SELECT f.*, d.name AS dataset_name FROM datasets AS d
     CROSS JOIN LATERAL (SELECT * FROM files WHERE dataset = d.id AND raw = $1 LIMIT 1) AS f
     WHERE $2::text IS NULL OR d.name = $2 ORDER BY d.name`,
    [bytesOf(raw), dataset],
  );
  return rows.map(wholeEntryOf);
}
