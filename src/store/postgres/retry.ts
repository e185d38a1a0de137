import { failureCodes, retryOf } from "../../errors.ts";
import type { Program } from "../change-store.ts";
import type { FailureFilter } from "../rows.ts";
import { noteChange } from "./changes.ts";
import type { Db } from "./connect.ts";
import { DUE_AGAIN } from "./due.ts";
import { changeFiles, changeFilesWhere } from "./file-rows.ts";
import { metaOf, setMeta } from "./meta.ts";
import { pathOf } from "./paths.ts";
import { failedPages } from "./queries/failures.ts";

/** As `ChangeStore.retry`. */
export async function retryFailures(
  db: Db,
  filter: FailureFilter,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const retried = new Map<string, number>();
  for await (const { id, dataset, rows } of failedPages(db, filter)) {
    const written = await db.transaction(async (sql) => {
      const changed = await changeFiles(sql, {
        rows: rows.map(({ raw, outcome, code }) => ({
          key: { dataset: id, raw: pathOf(raw) },
          outcome,
          code,
        })),
        given: ["outcome", "code"],
        set: DUE_AGAIN,
        where: `files.outcome = excluded.outcome AND files.code IS NOT DISTINCT FROM excluded.code`,
        now,
      });
      if (changed > 0) await noteChange(sql);
      return changed;
    });
    if (written > 0) retried.set(dataset, (retried.get(dataset) ?? 0) + written);
  }
  return retried;
}

/** Makes entries due again, in one transaction; returns their number. `now` is ms since epoch. */
export function makeDue(
  db: Db,
  {
    dataset,
    raws,
    now,
  }: { readonly dataset: number; readonly raws: readonly string[]; readonly now: number },
): Promise<number> {
  return db.transaction(async (sql) => {
    const rows = [...new Set(raws)].map((raw) => ({ key: { dataset, raw } }));
    const changed = await changeFiles(sql, { rows, given: [], set: DUE_AGAIN, now });
    if (changed > 0) await noteChange(sql);
    return changed;
  });
}

/**
 * As `ChangeStore.retryAfterUpgrade`. The version is written last: whatever ends this half-way, it
 * begins again at the next start.
 */
export async function retryAfterUpgrade(
  db: Db,
  { version, formats }: Program,
  now: number,
): Promise<number> {
  const before = await metaOf(db, "sampler");
  const known = new Set((await metaOf(db, "formats"))?.split(" "));
  const isOther = before !== version;
  const hasMore = formats.some((format) => !known.has(format));
  if (!isOther && !hasMore) return 0;
  const isFirst = before === undefined;
  const failed = isOther && !isFirst ? await retryFailed(db, now) : 0;
  const described = hasMore && !isFirst ? await retryDescribed(db, now) : 0;
  await db.transaction(async (sql) => {
    await setMeta(sql, "formats", formats.join(" "));
    await setMeta(sql, "sampler", version);
  });
  return failed + described;
}

function retryFailed(db: Db, now: number): Promise<number> {
  return changeFilesWhere(db, {
    set: "next_at = $1, attempts = 0, failed_at = NULL",
    where: "code = ANY ($2::text[])",
    now,
    values: [failureCodes.filter((code) => retryOf(code) === "change")],
  });
}

function retryDescribed(db: Db, now: number): Promise<number> {
  return changeFilesWhere(db, {
    set: "next_at = $1",
    where: `dataset IN (SELECT id FROM datasets) AND counted = 'described'
      AND settled_at IS NOT NULL AND next_at IS NULL`,
    now,
  });
}
