import { retryOf, type FailureCode } from "../../errors.ts";
import type { Program } from "../change-store.ts";
import { setMeta, metaOf } from "./meta.ts";
import type { Db } from "./open.ts";

/**
 * Makes entries due again that an earlier version of the program could not do: that failed, where
 * the version is another one, and that were only described, where formats have come. Returns their
 * number. `now` is ms since epoch.
 */
export function retryAfterUpgrade(db: Db, { version, formats }: Program, now: number): number {
  const before = metaOf(db, "sampler");
  const known = new Set(metaOf(db, "formats")?.split(" "));
  const isOther = before !== version;
  const hasMore = formats.some((format) => !known.has(format));
  if (!isOther && !hasMore) return 0;
  return db.transaction(() => {
    setMeta(db, "sampler", version);
    setMeta(db, "formats", formats.join(" "));
    if (before === undefined) return 0;
    return (isOther ? retryFailed(db, now) : 0) + (hasMore ? retryDescribed(db, now) : 0);
  })();
}

function retryFailed(db: Db, now: number): number {
  const codes = db.prepare("SELECT DISTINCT code FROM files WHERE code IS NOT NULL").pluck().all();
  const update = db.prepare(
    "UPDATE files SET next_at = ?, attempts = 0, failed_at = NULL WHERE code = ?",
  );
  return (codes as FailureCode[])
    .filter((code) => retryOf(code) === "change")
    .reduce((changed, code) => changed + update.run(now, code).changes, 0);
}

function retryDescribed(db: Db, now: number): number {
  const update = db.prepare(
    `UPDATE files INDEXED BY settled SET next_at = ? WHERE dataset IN (SELECT id FROM datasets)
     AND counted = 'described' AND settled_at IS NOT NULL AND next_at IS NULL`,
  );
  return update.run(now).changes;
}
