import type { BronzeName } from "../../rows.ts";
import { pathBytes, pathText } from "../../../lib/pep383.ts";
import type { Db } from "../open.ts";

/**
 * The raws whose newest line names a bronze file. There is no index: it goes through all entries.
 */
export function rawsOfBronze(
  db: Db,
  { dataset, paths }: BronzeName,
): { readonly dataset: string; readonly raw: string }[] {
  const select = db.prepare(
    `SELECT d.name AS dataset, f.raw FROM datasets AS d
     CROSS JOIN files AS f ON f.dataset = d.id AND f.bronze = @path
     WHERE @dataset IS NULL OR d.name = @dataset ORDER BY d.name, f.raw`,
  );
  const rows = paths.flatMap((path) =>
    select.all({ path: pathBytes(path), dataset: dataset ?? null }),
  );
  return (rows as { dataset: string; raw: string | Buffer }[]).map((row) => ({
    dataset: row.dataset,
    raw: pathText(row.raw),
  }));
}
