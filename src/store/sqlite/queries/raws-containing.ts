import { pathText } from "../../../lib/pep383.ts";
import type { RawName, RawPart } from "../../rows.ts";
import type { Db } from "../open.ts";

/**
 * Raws that have a text in their path, by dataset, at most `count`; ASCII letters match in either
 * case. It looks at every name until there are enough: a million in about 0.2 s. A raw that had
 * another name before is found once.
 */
export function rawsContaining(db: Db, { text, datasets, count }: RawPart): RawName[] {
  const rows = db
    .prepare(
      `SELECT d.name AS dataset, n.raw FROM datasets AS d
       CROSS JOIN names AS n ON n.dataset = d.id
       WHERE d.name IN (SELECT value FROM json_each(@datasets))
         AND CAST(n.raw AS TEXT) LIKE @pattern ESCAPE '\\'
         AND EXISTS (SELECT 1 FROM files AS f WHERE f.dataset = n.dataset AND f.raw = n.raw
           AND f.name = n.name)
       LIMIT @count`,
    )
    .all({
      pattern: `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
      datasets: JSON.stringify(datasets),
      count,
    }) as { dataset: string; raw: string | Buffer }[];
  return rows.map(({ dataset, raw }) => ({ dataset, raw: pathText(raw) }));
}
