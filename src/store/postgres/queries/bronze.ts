import { isHidden } from "../../../lib/bronze-url.ts";
import type { BronzeName, RawName } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { bytesOf } from "../../paths.ts";
import { namesOf, type NamedRow } from "./near-raws.ts";

/**
 * The raws whose newest line names a bronze file. There is no index: it goes through all entries.
 */
export async function rawsOfBronze(
  sql: Sql,
  { dataset, paths }: BronzeName,
): Promise<readonly RawName[]> {
  const sealed = (end: string) =>
    paths.map((path) => (isHidden(path) ? bytesOf(`${path}${end}`) : null));
  const rows = await sql.all<NamedRow>(
    `SELECT d.name AS dataset, f.raw
     FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS w (path, sealed, after_sealed, i)
       JOIN files AS f ON f.bronze = w.path OR f.bronze > w.sealed AND f.bronze < w.after_sealed
       JOIN datasets AS d ON d.id = f.dataset
     WHERE $4::text IS NULL OR d.name = $4 ORDER BY w.i, d.name, f.raw`,
    [paths.map(bytesOf), sealed("#"), sealed("$"), dataset],
  );
  return namesOf(rows);
}
