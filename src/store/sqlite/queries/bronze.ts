import type { BronzeName } from "../../rows.ts";
import { isHidden } from "../../../lib/bronze-url.ts";
import { pathBytes, pathText } from "../../../lib/pep383.ts";
import type { Db } from "../open.ts";

/** Nothing lies between. */
const NONE = { sealed: null, afterSealed: null };

/**
 * The raws whose newest line names a bronze file. There is no index: it goes through all entries.
 */
export function rawsOfBronze(
  db: Db,
  { dataset, paths }: BronzeName,
): { readonly dataset: string; readonly raw: string }[] {
  const select = db.prepare(
    `SELECT d.name AS dataset, f.raw FROM datasets AS d
     CROSS JOIN files AS f ON f.dataset = d.id
       AND (f.bronze = @path OR f.bronze > @sealed AND f.bronze < @afterSealed)
     WHERE @dataset IS NULL OR d.name = @dataset ORDER BY d.name, f.raw`,
  );
  const rows = paths.flatMap((path) => {
    const sealed = isHidden(path) ? { sealed: `${path}#`, afterSealed: `${path}$` } : NONE;
    return select.all({ path: pathBytes(path), ...sealed, dataset: dataset ?? null });
  });
  return (rows as { dataset: string; raw: string | Buffer }[]).map((row) => ({
    dataset: row.dataset,
    raw: pathText(row.raw),
  }));
}
