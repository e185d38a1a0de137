import type { Accepted } from "../../src/store/ingest-store.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { acceptOf } from "../../src/store/sqlite/accept.ts";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import type { Db } from "../../src/store/sqlite/open.ts";
import type { Entry } from "../../src/manifest/types.ts";
import { namedAs } from "../helpers/named.ts";
import { expectTrueTotals } from "../helpers/totals.ts";
import { createWorld, DATASET } from "../helpers/world.ts";

const settle = "UPDATE files SET outcome = 'sampled', done_mtime = mtime, next_at = NULL";
const entry = (raw: string, mtime = 1): Entry => ({ raw, bronze: `of/${raw}`, mtime });

function rows(db: Db, sql: string): object[] {
  return db.prepare(sql).all() as object[];
}

/** Takes batches in; with `isOne`, by an `accept` of its own each, that expects nothing. */
function takeIn(db: Db, batches: readonly (readonly Entry[])[], isOne = false): Accepted[] {
  const dataset = datasetsOf(db).ensure(DATASET);
  let accept = acceptOf(db);
  return batches.map((entries) => {
    if (isOne) accept = acceptOf(db);
    // Two raws have one plain name where they differ in the first letter only.
    const expectedFor = (raw: string) => namedAs(raw.slice(1));
    const batch = { dataset: DATASET, entries, rejected: [], checkpoints: [], expectedFor };
    return accept(dataset, batch, 1000);
  });
}

test("raws that were taken for new are seen to be known, and nothing is kept of the attempt", async () => {
  await using world = await createWorld();
  const db = world.db();
  takeIn(db, [[entry("a1"), entry("a2")]]);
  db.exec(`${settle}; UPDATE files SET name = 'other' WHERE raw = 'a2'; DELETE FROM names`);
  const accepted = takeIn(db, [[entry("a3")], [entry("a4"), entry("a1"), entry("a2", 2)]]);
  expect(accepted[1]).toEqual({ due: 2, unchanged: 1, superseded: 0 });
  expect(rows(db, "SELECT raw, mtime, name, next_at FROM files ORDER BY raw")).toEqual([
    { raw: "a1", mtime: 1, name: "1", next_at: null },
    { raw: "a2", mtime: 2, name: "other", next_at: 1000 },
    { raw: "a3", mtime: 1, name: "3", next_at: 1000 },
    { raw: "a4", mtime: 1, name: "4", next_at: 1000 },
  ]);
  expect(rows(db, "SELECT name FROM names ORDER BY name")).toEqual([{ name: "3" }, { name: "4" }]);
});

test("whatever is expected of a batch, the cache is the same after it", async () => {
  const raw = fc.tuple(fc.constantFrom("a", "b"), fc.nat(5)).map(([way, n]) => `${way}${n}`);
  const entries = fc.array(fc.tuple(raw, fc.nat(2)).map(([name, mtime]) => entry(name, mtime)));
  await fc.assert(
    fc.asyncProperty(fc.array(entries, { maxLength: 5 }), async (batches) => {
      await using world = await createWorld();
      await using careful = await createWorld();
      expect(takeIn(world.db(), batches)).toEqual(takeIn(careful.db(), batches, true));
      for (const table of ["files", "names", "counts", "totals"]) {
        const all = `SELECT * FROM ${table}`;
        expect(rows(world.db(), all)).toEqual(rows(careful.db(), all));
      }
      expectTrueTotals(world.db());
    }),
    { numRuns: 40 },
  );
});
