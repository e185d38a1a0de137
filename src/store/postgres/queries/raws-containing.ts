import type { RawName, RawPart } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { bytesOf } from "../../paths.ts";
import { CURRENT_NAMES, namesOf, type NamedRow } from "./near-raws.ts";

/** Bytes as a text in which letters of ASCII are small: a character for each byte, whatever it is. */
const folded = (bytes: string) => `lower(convert_from(${bytes}, 'LATIN1') COLLATE "C")`;

/**
 * Raws that have a text in their path, by dataset, at most `count`; ASCII letters match in either
 * case. It looks at every name until there are enough. A raw that had another name before is
 * found once.
 */
export async function rawsContaining(
  sql: Sql,
  { text, datasets, count }: RawPart,
): Promise<readonly RawName[]> {
  // No path has a NUL.
  if (text.includes("\0")) return [];
  const rows = await sql.all<NamedRow>(
    `SELECT d.name AS dataset, n.raw FROM datasets AS d
     CROSS JOIN LATERAL (
       SELECT name, raw FROM ${CURRENT_NAMES}
       WHERE dataset = d.id AND NOT is_folded AND position(${folded("$1")} IN ${folded("raw")}) > 0
       ORDER BY name LIMIT $3) AS n
     WHERE d.name = ANY($2) ORDER BY d.name, n.name LIMIT $3`,
    [bytesOf(text), datasets, count],
  );
  return namesOf(rows);
}
