import { pathBytes } from "../lib/pep383.ts";
import type { Db } from "./open.ts";

/**
 * Makes entries due again, as if their line had just come: failures before do not count. Returns
 * how many there were. `now` is ms since epoch.
 */
export function makeDueOf(
  db: Db,
): (dataset: number, raws: readonly string[], now: number) => number {
  const update = db.prepare(
    "UPDATE files SET next_at = ?, attempts = 0, failed_at = NULL WHERE dataset = ? AND raw = ?",
  );
  return db.transaction((dataset: number, raws: readonly string[], now: number): number =>
    raws.reduce((sum, raw) => sum + update.run(now, dataset, pathBytes(raw)).changes, 0),
  );
}
