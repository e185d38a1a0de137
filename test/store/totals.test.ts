import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { browse, neighboursOf } from "../../src/store/sqlite/queries/browse.ts";
import { acceptOf } from "../../src/store/sqlite/accept.ts";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { namedAs } from "../helpers/named.ts";
import { expectTrueTotals } from "../helpers/totals.ts";
import { createWorld, DATASET, MTIME, rows } from "../helpers/world.ts";
import { fillRichly } from "./rich-lake.ts";

test("totals are those of counting all entries, whatever became of them", async () => {
  await using world = await createWorld({ retention: { maxFiles: 5 } });
  await fillRichly(world, 8);
  expectTrueTotals(world.db());
  await world.announce("gone.csv");
  await world.pass();
  expectTrueTotals(world.db());
  await world.run(["retry", "--code", "FILE_MISSING"]);
  await world.run(["retry", "raw/**"]);
  expectTrueTotals(world.db());
  await world.pass();
  expectTrueTotals(world.db());
});

test("totals of a cache that is rebuilt from receipts are as true", async () => {
  await using world = await createWorld();
  await fillRichly(world, 3);
  world.close();
  await rm(world.settings().state, { recursive: true });
  await world.pass();
  expectTrueTotals(world.db());
});

test("pages show every entry once, the newest first, and say when no more come", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 7; i += 1) await world.put(`f${i}.csv`, rows(2));
  await world.put("bad.zip", "no zip");
  await world.pass();
  const seen: string[] = [];
  const times: string[] = [];
  let pages = 0;
  for (let after = {}, more = true; more; pages += 1) {
    const page = browse(world.db(), { dataset: DATASET, limit: 3, ...after });
    seen.push(...page.entries.map(({ raw }) => raw));
    times.push(...page.entries.map(({ at }) => at as string));
    more = page.next !== null;
    after = { after: page.next };
  }
  expect(pages).toBe(3);
  expect(seen.toSorted()).toEqual(
    ["bad.zip", ...Array.from({ length: 7 }, (_, i) => `f${i}.csv`)].map((name) => `raw/${name}`),
  );
  expect(times).toEqual(times.toSorted().toReversed());
});

test("a page has only what is searched for, of one outcome", async () => {
  await using world = await createWorld();
  await world.put("Orders-1.csv", rows(2));
  await world.put("other.csv", rows(2));
  await world.put("orders-2.zip", "no zip");
  await world.pass();
  await world.announce("orders-3.csv");
  const raws = (options: object) =>
    browse(world.db(), { dataset: DATASET, limit: 10, ...options }).entries.map(({ raw }) => raw);
  expect(raws({ search: "ORDERS" }).toSorted()).toEqual(["raw/Orders-1.csv", "raw/orders-2.zip"]);
  expect(raws({ search: "orders", outcome: "failed" })).toEqual(["raw/orders-2.zip"]);
  expect(raws({ search: "%" })).toEqual([]);
  expect(raws({ outcome: "waiting" })).toEqual([]);
  expect(browse(world.db(), { dataset: "no/such/one", limit: 10 })).toMatchObject({ entries: [] });
});

test("what waits is shown in the order in which it is tried, through equal times", async () => {
  await using world = await createWorld();
  const db = world.db();
  const entries = Array.from({ length: 10 }, (_, i) => ({
    raw: i % 3 === 0 ? `raw/\udce4${i}` : `raw/${9 - i}`,
    bronze: `bronze/${i}`,
    mtime: MTIME,
  }));
  const expectedFor = (raw: string) => namedAs(`n-${escape(raw)}`);
  const dataset = datasetsOf(db).ensure(DATASET);
  acceptOf(db)(
    dataset,
    { dataset: DATASET, entries, rejected: [], checkpoints: [], expectedFor },
    1000,
  );
  const seen: string[] = [];
  for (let after = {}, more = true; more;) {
    const page = browse(db, { dataset: DATASET, outcome: "waiting", limit: 4, ...after });
    seen.push(...page.entries.map(({ raw }) => raw));
    more = page.next !== null;
    after = { after: page.next };
  }
  expect(seen).toEqual(entries.map(({ raw }) => raw));
});

test("the entries before and after one are those of its list, from end to end", async () => {
  await using world = await createWorld();
  await fillRichly(world, 5);
  for (let i = 0; i < 3; i += 1) await world.announce(`late-${i}.csv`);
  await world.pass();
  await world.announce("Late-3.csv");
  const db = world.db();
  db.exec("UPDATE files SET settled_at = 7 WHERE outcome = 'sampled' AND settled_at IS NOT NULL");
  for (const outcome of [undefined, "sampled", "failed", "waiting", "pruned"] as const) {
    for (const search of [undefined, "LATE"]) {
      const list = { dataset: DATASET, outcome, search };
      const page = browse(db, JSON.parse(JSON.stringify({ ...list, limit: 100 })));
      const raws = page.entries.map(({ raw }) => raw);
      const found = raws.map((raw) => neighboursOf(db, { ...list, raw }));
      const wanted = raws.map((_, i) => ({
        before: raws[i - 1] ?? null,
        after: raws[i + 1] ?? null,
      }));
      expect([outcome, search, found]).toEqual([outcome, search, wanted]);
    }
  }
  const none = { before: null, after: null };
  expect(neighboursOf(db, { dataset: DATASET, raw: "raw/none" })).toEqual(none);
  expect(neighboursOf(db, { dataset: "no/such/one", raw: "raw/none" })).toEqual(none);
});
