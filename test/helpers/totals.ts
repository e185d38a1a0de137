import { expect } from "vitest";
import type { Db } from "../../src/store/sqlite/open.ts";
import { datasetTotals } from "../../src/store/sqlite/queries/totals.ts";

/** The result of counting all entries. */
function counted(db: Db): unknown[] {
  return db
    .prepare(
      `SELECT d.name AS dataset, count(f.raw) AS entries,
         coalesce(sum(f.outcome = 'sampled' AND f.format IS NOT 'metadata'), 0) AS sampled,
         coalesce(sum(f.outcome = 'sampled' AND f.format = 'metadata'), 0) AS described,
         coalesce(sum(f.outcome = 'failed'), 0) AS failed,
         coalesce(sum(f.outcome = 'pruned'), 0) AS pruned,
         coalesce(sum(f.next_at IS NOT NULL), 0) AS waiting
       FROM datasets AS d LEFT JOIN files AS f ON f.dataset = d.id
       WHERE d.forgotten_at IS NULL GROUP BY d.id ORDER BY d.name`,
    )
    .all();
}

/** Totals that are kept are those of counting all entries. */
export function expectTrueTotals(db: Db): void {
  const found = datasetTotals(db, Date.now());
  const wanted = counted(db);
  expect(found).toHaveLength(wanted.length);
  for (const [i, each] of found.entries()) expect(each).toMatchObject(wanted[i] as object);
}
