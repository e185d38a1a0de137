import { failureCodes, retryOf } from "../../errors.ts";
import type { Program } from "../change-store.ts";
import type { FailureFilter } from "../rows.ts";
import { noteChange } from "./changes.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { DUE_AGAIN } from "./due.ts";
import { changeFiles } from "./file-rows.ts";
import { metaOf, setMeta } from "./meta.ts";
import { pathOf, storedPath } from "../paths.ts";
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
    const rows = [...new Set(raws.map(storedPath))].map((raw) => ({ key: { dataset, raw } }));
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

/** Entries that are changed in one statement. */
const PAGE = 1000;

async function retryFailed(db: Db, now: number): Promise<number> {
  let due = 0;
  for (const code of failureCodes.filter((each) => retryOf(each) === "change"))
    due += await changeAll(db, {
      of: code,
      page: `SELECT dataset AS place, dataset, raw FROM files
        WHERE code = $1 AND (dataset, raw) > ($2, $3) ORDER BY dataset, raw LIMIT ${PAGE}`,
      set: "next_at = $3, attempts = 0, failed_at = NULL",
      where: `files.code = '${code}'`,
      now,
    });
  return due;
}

async function retryDescribed(db: Db, now: number): Promise<number> {
  let due = 0;
  for (const { id } of await datasetsOf(db).matching(() => true))
    due += await changeAll(db, {
      of: id,
      page: `SELECT settled_at AS place, dataset, raw FROM files
        WHERE dataset = $1 AND counted = 'described' AND settled_at IS NOT NULL
          AND next_at IS NULL AND (settled_at, raw) > ($2, $3)
        ORDER BY settled_at, raw LIMIT ${PAGE}`,
      set: "next_at = $3",
      where: "files.counted = 'described' AND files.next_at IS NULL",
      now,
    });
  return due;
}

/** A change of rows that are found page by page. */
interface ChangeAll {
  /** The statement that reads a page: those of `of` ($1) after a place ($2) and a raw ($3). */
  readonly page: string;
  readonly of: string | number;
  /** As in `FileChange`. */
  readonly set: string;
  readonly where: string;
  readonly now: number;
}

async function changeAll(db: Db, { page, of, ...change }: ChangeAll): Promise<number> {
  let changed = 0;
  let after = { place: -1, raw: Buffer.alloc(0) };
  for (;;) {
    const rows = await db.all<typeof after & { dataset: number }>(page, [
      of,
      after.place,
      after.raw,
    ]);
    const keys = rows.map(({ dataset, raw }) => ({ key: { dataset, raw: pathOf(raw) } }));
    changed += await changeFiles(db, { rows: keys, given: [], ...change });
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return changed;
    after = last;
  }
}
