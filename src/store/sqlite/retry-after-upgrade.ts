import { retryOf, type FailureCode } from "../../errors.ts";
import { setMeta, metaOf } from "./meta.ts";
import type { Db } from "./open.ts";

/**
 * Makes entries due again that failed for something an earlier version of the program could not do;
 * returns their number. `now` is ms since epoch.
 */
export function retryAfterUpgrade(db: Db, version: string, now: number): number {
  const before = metaOf(db, "sampler");
  if (before === version) return 0;
  const codes = db.prepare("SELECT DISTINCT code FROM files WHERE code IS NOT NULL").pluck().all();
  const update = db.prepare(
    "UPDATE files SET next_at = ?, attempts = 0, failed_at = NULL WHERE code = ?",
  );
  return db.transaction(() => {
    let changed = 0;
    for (const code of codes as FailureCode[]) {
      if (before !== undefined && retryOf(code) === "change")
        changed += update.run(now, code).changes;
    }
    setMeta(db, "sampler", version);
    return changed;
  })();
}
