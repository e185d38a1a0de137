import type { ClaimOptions } from "../../src/store/drain-store.ts";
import { expect, test } from "vitest";
import { claimOf } from "../../src/store/sqlite/claim.ts";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { createWorld, MTIME, type World } from "../helpers/world.ts";

const everything: ClaimOptions = {
  limit: 256,
  order: "oldest",
  now: Date.now() + 60_000,
  isFirst: true,
  skips: () => false,
  isBusy: () => false,
  busyCount: () => 0,
};

async function announceMany(world: World, dataset: string, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: "bronze/a.csv", mtime: MTIME }),
  );
  await world.manifest(`${lines.join("\n")}\n`, dataset);
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected: async () => undefined,
  });
  await ingest(dataset, Date.now());
}

test("one dataset with 5,000 entries does not hold back another with one", async () => {
  await using world = await createWorld();
  await announceMany(world, "a/big/v1", 5000);
  await announceMany(world, "b/small/v1", 1);
  const claims = claimOf(world.db())(everything);
  expect(claims.map(({ job }) => job.dataset)).toContain("b/small/v1");
});

test("datasets that only wait for a retry do not slow down one that has work", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 300; i += 1) await announceMany(world, `a/d${i}/v1`, 1);
  const late = Date.now() + 3_600_000;
  world.db().prepare("UPDATE files SET next_at = ?").run(late);
  await announceMany(world, "b/busy/v1", 1000);
  expect(claimOf(world.db())(everything)).toHaveLength(256);
});

test("within a dataset the oldest come first, or the newest where that is asked for", async () => {
  await using world = await createWorld();
  await announceMany(world, "a/one/v1", 300);
  const claim = claimOf(world.db());
  const raws = (options: ClaimOptions) => claim(options).map(({ job }) => job.raw);
  const names = Array.from({ length: 300 }, (_, i) => `raw/${i}.csv`);
  expect(raws({ ...everything, limit: 10 })).toEqual(names.slice(0, 10));
  expect(raws({ ...everything, limit: 10, order: "newest" })).toEqual(
    names.toReversed().slice(0, 10),
  );
});

test("what is in work is not claimed again, and does not hide what is not", async () => {
  await using world = await createWorld();
  await announceMany(world, "a/one/v1", 20);
  const claim = claimOf(world.db());
  const first = claim({ ...everything, limit: 15 });
  const busy = new Set(first.map(({ job }) => job.raw));
  const second = claim({
    ...everything,
    limit: 15,
    isBusy: (_dataset, raw) => busy.has(raw),
    busyCount: () => busy.size,
  });
  expect(second.map(({ job }) => job.raw)).toEqual([
    "raw/15.csv",
    "raw/16.csv",
    "raw/17.csv",
    "raw/18.csv",
    "raw/19.csv",
  ]);
});
