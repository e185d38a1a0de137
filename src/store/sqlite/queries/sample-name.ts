import { pathText } from "../../../lib/pep383.ts";
import type { Db } from "../open.ts";

/** The raws that a sample name was given to, by dataset; of one dataset where it is named. */
export function rawsOfSample(
  db: Db,
  name: string,
  dataset?: string,
): { readonly dataset: string; readonly raw: string }[] {
  const rows = db
    .prepare(
      `SELECT d.name AS dataset, n.raw FROM datasets AS d
       CROSS JOIN names AS n ON n.dataset = d.id AND n.name = @name
       WHERE (@dataset IS NULL OR d.name = @dataset)
         AND EXISTS (SELECT 1 FROM files AS f WHERE f.dataset = n.dataset AND f.raw = n.raw)
       ORDER BY d.name`,
    )
    .all({ name, dataset: dataset ?? null }) as { dataset: string; raw: string | Buffer }[];
  return rows.map((row) => ({ dataset: row.dataset, raw: pathText(row.raw) }));
}
