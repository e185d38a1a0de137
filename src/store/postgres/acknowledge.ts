import type { Acknowledgement } from "../change-store.ts";
import { noteChange } from "./changes.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { changeFiles } from "./file-rows.ts";
import { pathOf } from "../paths.ts";
import { failedPages } from "./queries/failures.ts";

/** As `ChangeStore.acknowledgeEntries`. */
export async function acknowledgeEntries(
  db: Db,
  { isUndone, ...filter }: Acknowledgement,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const { id, dataset, rows } of failedPages(db, filter)) {
    const written = await db.transaction(async (sql) => {
      const changed = await changeFiles(sql, {
        rows: rows.map(({ raw }) => ({ key: { dataset: id, raw: pathOf(raw) } })),
        given: [],
        set: `acknowledged = ${isUndone ? "NULL" : "files.settled_at"}`,
        where: `files.outcome = 'failed' AND files.next_at IS NULL
          AND files.acknowledged IS ${isUndone ? "NOT" : ""} DISTINCT FROM files.settled_at`,
      });
      if (changed > 0) await noteChange(sql);
      return changed;
    });
    if (written > 0) counts.set(dataset, (counts.get(dataset) ?? 0) + written);
  }
  return counts;
}

/** The same for rejected manifest lines; `now` is ms since epoch. */
export async function acknowledgeLines(
  db: Db,
  { isUndone, hasDataset }: Pick<Acknowledgement, "isUndone" | "hasDataset">,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { id, name } of await datasetsOf(db).matching(hasDataset)) {
    const changed = await db.transaction(async (sql) => {
      const count = await sql.run(
        `UPDATE rejected SET acknowledged_at = CASE WHEN $3 THEN NULL ELSE $2::bigint END
         WHERE dataset = $1 AND (acknowledged_at IS NOT NULL) = $3::boolean`,
        [id, now, isUndone],
      );
      if (count > 0) await noteChange(sql);
      return count;
    });
    if (changed > 0) counts.set(name, changed);
  }
  return counts;
}
