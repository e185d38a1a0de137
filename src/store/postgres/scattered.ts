import type { Entry } from "../../manifest/types.ts";
import type { Sql } from "./connect.ts";
import { bytesOf } from "../paths.ts";

/**
 * Known entries between the first and the last, per entry, from which they count as scattered. A
 * page has 20 or more.
 */
const APART = 4;
/** Number of the entries, evenly chosen, that show how far they reach. */
const LOOKED_AT = 64;

/**
 * True when entries lie so far apart, among those that are known, that most of them would touch
 * pages of their own. Entries that follow each other, new or known, cost a short look.
 */
export async function isScattered(
  sql: Sql,
  dataset: number,
  entries: readonly Entry[],
): Promise<boolean> {
  if (entries.length === 0) return false;
  const step = Math.ceil(entries.length / LOOKED_AT);
  const raws = entries
    .filter((_, i) => i % step === 0)
    .map(({ raw }) => bytesOf(raw))
    .toSorted(Buffer.compare);
  const most = APART * entries.length;
  const between = await sql.get<{ n: number }>(
    `SELECT count(*) AS n FROM
       (SELECT 1 FROM files WHERE dataset = $1 AND raw > $2 AND raw < $3 ORDER BY raw LIMIT $4) AS f`,
    [dataset, raws[0], raws.at(-1), most],
  );
  return between?.n === most;
}
