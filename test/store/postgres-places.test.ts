import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Claim, Settled } from "../../src/store/drain-store.ts";
import type { Batch } from "../../src/store/ingest-store.ts";
import { createSortedLines } from "../../src/store/open.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { storeIn } from "../../src/store/postgres/store.ts";
import { storeToWork } from "../../src/store/postgres/stores.ts";
import type { Store } from "../../src/store/store.ts";
import { allOf } from "../helpers/all-of.ts";
import { explaining, type PlanNode } from "../helpers/explaining.ts";
import { namedAs } from "../helpers/named.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { SAMPLED } from "../helpers/sampled.ts";

const DATASETS = ["acme/orders/v1", "acme/items/v1", "acme/clicks/v1"] as const;
/** ms since epoch. */
const NOW = 1_000_000;
const ROUNDS = 40;
const FREE = {
  limit: 40,
  order: "oldest",
  skips: () => false,
  isBusy: () => false,
  busyCount: () => 0,
} as const;

describe.skipIf(whyNoPostgres !== undefined)("claims of a drain after its first one", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each([1, 2])(
    "leave nothing out, whatever comes meanwhile: with the lanes of one of %i hosts",
    async (hosts) => {
      const url = await server.database(`hosts_${hosts}`);
      const stores: Store[] = [];
      for (let i = 0; i < hosts; i += 1)
        stores.push(await storeToWork({ url, state: `/${i}`, createSortedLines }, true));
      const [store] = stores as [Store];
      while (store.turns?.figures().held !== 64 / hosts) {
        await store.turns?.balance();
        await sleep(100);
      }
      const producing = storeIn(await openDatabase(url), { host: 0 }, createSortedLines);
      const work = createWork(store, producing);
      for (let round = 0; round < ROUNDS; round += 1) {
        await work.announce(round);
        await work.drain(round);
      }
      await work.drainAll();
      expect(work.newest.size).toBeGreaterThan(1000);
      await producing.close();
      const known = await allOf(store.queries.entries({}));
      expect(known).toHaveLength(work.newest.size);
      const left = known.filter(({ waiting }) => waiting);
      const done = known.filter(({ waiting }) => !waiting);
      for (const { dataset, raw, mtime } of done)
        expect([raw, mtime]).toEqual([raw, work.newest.get(`${dataset} ${raw}`)]);
      // Those of the other host's lanes.
      if (hosts === 1) expect(left).toEqual([]);
      else expect(left.length / known.length).toBeCloseTo(0.5, 1);
      for (const each of stores) await each.close();
    },
    120_000,
  );

  test("do not walk through what was settled beside an open transaction", async () => {
    const url = await server.database("pinned");
    const [db, other] = [await openDatabase(url), await openDatabase(url)];
    const plans: PlanNode[][] = [];
    const how = "ANALYZE, BUFFERS, ";
    await using claiming = storeIn(explaining(db, plans, how), { host: 0 }, createSortedLines);
    await using settling = storeIn(other, { host: 0 }, createSortedLines);
    await settling.ingest.know(DATASETS[0]);
    const raws = Array.from({ length: 6000 }, (_, i) => `${i}.csv`);
    await settling.ingest.accept(batchOf(DATASETS[0], raws, 1), NOW);
    const reader = new Client(url);
    await reader.connect();
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class");
    const blocks: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      plans.length = 0;
      const options = { ...FREE, limit: 256, now: NOW, isFirst: i === 0 };
      const claims = await claiming.drain.claim(options);
      expect(claims).toHaveLength(256);
      blocks.push(plans.reduce((sum, [top]) => sum + (top?.["Shared Hit Blocks"] ?? 0), 0));
      await settling.drain.settle(claims.map(sampled), NOW);
    }
    await reader.end();
    expect(blocks[0]).toBeGreaterThan(0);
    expect(Math.max(...blocks.slice(10))).toBeLessThan(2 * Math.max(...blocks.slice(0, 5)));
  });
});

/** Lines that come, and drains that end early or not, of one store. */
function createWork(store: Store, producing: Store) {
  const random = createRandom();
  /** The newest mtime of each raw. */
  const newest = new Map<string, number>();
  const busy = new Map<string, Claim>();
  const keyOf = ({ job }: Claim) => `${job.dataset} ${job.raw}`;
  let now = NOW;
  return {
    newest,
    /** New raws, and new versions of some that are in work or were settled. */
    async announce(round: number): Promise<void> {
      now += 1;
      for (const dataset of DATASETS) {
        const fresh = Array.from({ length: random(30) }, (_, i) => `${round}-${i}.csv`);
        const again = [...newest.keys()]
          .filter((key) => key.startsWith(dataset) && random(20) === 0)
          .map((key) => key.slice(dataset.length + 1));
        const raws = [...fresh, ...again];
        await producing.ingest.know(dataset);
        await producing.ingest.accept(batchOf(dataset, raws, round), now);
        for (const raw of raws) newest.set(`${dataset} ${raw}`, round);
      }
    },
    /** A drain, which leaves some of its claims undone, as one that is stopped. */
    async drain(round: number): Promise<void> {
      for (let i = 0; i < 6; i += 1) {
        await claim(i === 0);
        if (random(3) === 0) await this.announce(round);
        await settle([...busy.values()].filter(() => random(3) > 0));
      }
      for (const key of busy.keys()) if (random(2) === 0) busy.delete(key);
    },
    async drainAll(): Promise<void> {
      busy.clear();
      for (let isFirst = true; (await claim(isFirst)) > 0; isFirst = false)
        await settle([...busy.values()]);
    },
  };

  async function claim(isFirst: boolean): Promise<number> {
    now += 1;
    const claims = await store.drain.claim({
      ...FREE,
      now,
      isFirst,
      isBusy: (dataset, raw) => busy.has(`${dataset} ${raw}`),
      busyCount: (dataset) =>
        [...busy.values()].filter(({ job }) => job.dataset === dataset).length,
    });
    for (const each of claims) {
      expect(busy.has(keyOf(each))).toBe(false);
      busy.set(keyOf(each), each);
    }
    return claims.length;
  }

  async function settle(claims: readonly Claim[]): Promise<void> {
    await store.drain.settle(claims.map(sampled), now);
    for (const each of claims) busy.delete(keyOf(each));
  }
}

function sampled(claim: Claim): Settled {
  return { claim, outcome: SAMPLED, nextAt: null };
}

function batchOf(dataset: string, raws: readonly string[], mtime: number): Batch {
  const entries = raws.map((raw) => ({ raw, bronze: `bronze/${raw}`, mtime }));
  return { dataset, entries, rejected: [], checkpoints: [], expectedFor: namedAs };
}

/** Numbers from 0 on, below a limit: the same ones each time. */
function createRandom(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
