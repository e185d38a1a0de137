import { pathBytes } from "../../lib/pep383.ts";
import type { Entry } from "../../manifest/types.ts";
import type { Db } from "./open.ts";

/**
 * True when entries lie so far apart, among those that are known, that most of them would touch
 * pages of their own.
 */
export type IsScattered = (dataset: number, entries: readonly Entry[]) => boolean;

/**
 * Known entries between the first and the last, per entry, from which they count as scattered. A
 * page has 20 or more.
 */
const APART = 4;
/** Number of the entries, evenly chosen, that show how far they reach. */
const LOOKED_AT = 64;

/** Prepares the statement. Entries that follow each other, new or known, cost a short look. */
export function scatteredOf(db: Db): IsScattered {
  const between = db
    .prepare(
      `SELECT count(*) FROM
         (SELECT 1 FROM files WHERE dataset = ? AND raw > ? AND raw < ? LIMIT ?)`,
    )
    .pluck();
  return (dataset, entries) => {
    if (entries.length === 0) return false;
    let first = (entries[0] as Entry).raw;
    let last = first;
    const step = Math.ceil(entries.length / LOOKED_AT);
    for (let i = 0; i < entries.length; i += step) {
      const { raw } = entries[i] as Entry;
      if (raw < first) first = raw;
      else if (raw > last) last = raw;
    }
    const most = APART * entries.length;
    return between.get(dataset, pathBytes(first), pathBytes(last), most) === most;
  };
}
