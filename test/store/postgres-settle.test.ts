import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Validation } from "../../src/checks/contract/validation.ts";
import type { Failed, Job, Sampled } from "../../src/job.ts";
import type { Batch } from "../../src/store/ingest-store.ts";
import { createSortedLines } from "../../src/store/open.ts";
import type { Claim, ClaimOptions, Settled } from "../../src/store/drain-store.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { storeIn } from "../../src/store/postgres/store.ts";
import type { Store } from "../../src/store/store.ts";
import { namedAs } from "../helpers/named.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { expectByKey, isScanOfAll, manyDue, scansOf } from "./many-due.ts";
import { SAMPLED } from "../helpers/sampled.ts";

const [A, B] = ["acme/orders/v1", "acme/returns/v1"];
/** ms since epoch. */
const NOW = 1_000_000;
const everything = { hasDataset: () => true, hasRaw: () => true };
const PASSED: Validation = {
  result: "passed",
  contract: "orders@1.0.0",
  rows: 3,
  of: "all",
  checks: 1,
  skipped: 0,
  failed: [],
  more: 0,
};
/** A message that PostgreSQL would refuse. */
const message = "late: \0\udc80";
const FAILED: Failed = { outcome: "failed", code: "TIMEOUT", message, readBytes: 0, ms: 1 };

describe.skipIf(whyNoPostgres !== undefined)("outcomes that PostgreSQL settles", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("two processes settle and take in the same raws, and no count is lost", async () => {
    const url = await server.database("together");
    const stores = [await open(url), await open(url)];
    for (const dataset of [A, B]) {
      await stores[0]?.ingest.know(dataset);
      await stores[0]?.ingest.accept(batchOf(dataset, [...RAWS, ...FORGOTTEN], 0), NOW);
    }
    const done = await Promise.all(
      Array.from({ length: 6 }, (_, worker) => workOn(stores[worker % 2] as Store, worker)),
    );
    await Promise.all(stores.map((store) => store.close()));
    const db = await openDatabase(url);
    const counted = await db.all(
      `SELECT dataset, coalesce(counted, 'new') COLLATE "C" AS outcome, count(*) AS n FROM files
       GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    expect(await db.all("SELECT * FROM totals WHERE n <> 0 ORDER BY dataset, outcome")).toEqual(
      counted,
    );
    const before = { lines: 2 * (RAWS.length + FORGOTTEN.length), sampled: 0, failed: 0 };
    const sumOf = (key: keyof Done) => done.reduce((n, of) => n + of[key], before[key]);
    expect(
      await db.all(
        `SELECT what, sum(n) AS n FROM counts WHERE what IN ('lines', 'sampled', 'failed')
         GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual((["failed", "lines", "sampled"] as const).map((what) => ({ what, n: sumOf(what) })));
    expect(await db.all("SELECT sum(n) AS n FROM verdicts")).toEqual([{ n: sumOf("sampled") }]);
    // Whoever waits for rows waits for those who took them in the same order.
    expect(
      await db.all("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"),
    ).toEqual([{ deadlocks: 0 }]);
    await db.close();
  }, 120_000);

  test("claims go by what is due, and outcomes by the key, while statistics are those of an empty table", async () => {
    await using lake = await manyDue(server, "plans", [A, B]);
    const { store, plansOf } = lake;
    let claims: readonly Claim[] = [];
    const claiming = await plansOf(async () => {
      claims = await claim(store, { limit: 2000 });
    });
    expect(claims).toHaveLength(2000);
    const named = scansOf(claiming).map((node) => node["Index Name"]);
    expect(new Set(named)).toEqual(new Set(["due", "found"]));

    const settling = await plansOf(async () => {
      const [first, ...rest] = claims as [Claim, ...Claim[]];
      const old = { ...first, job: { ...first.job, mtime: 7 } };
      const all = rest.map((each, i) => settled(each, i % 2 === 0 ? SAMPLED : FAILED));
      await store.drain.settle([settled(old, SAMPLED), ...all], NOW);
    });
    expectByKey(settling, 3);
    const [first, , third] = claims.map(({ job }) => job) as [Job, Job, Job];
    expect(await store.queries.entriesOf(first.raw, first.dataset)).toMatchObject([
      { outcome: null, waiting: true, sample: `samples/${first.name}` },
    ]);
    expect(await store.queries.entriesOf(third.raw, third.dataset)).toMatchObject([
      { outcome: "failed", waiting: false, message: "late: \ufffd\ufffd" },
    ]);
    expect(await claim(store, { limit: 2000, order: "newest" })).toHaveLength(2000);
    const some = await claim(store);
    expectByKey(await plansOf(() => store.drain.confirm(some, NOW)), 1);
    expectByKey(await plansOf(() => store.drain.moved(some, NOW)), 1);
    const postponed = some.map((each) => ({ claim: each, nextAt: NOW + 1 }));
    expectByKey(await plansOf(() => store.drain.postpone(postponed, NOW)), 1);
  }, 120_000);

  test("nothing else goes through all rows either", async () => {
    await using lake = await manyDue(server, "upkeep", [A, B]);
    const { store, plansOf } = lake;
    await store.drain.settle(
      (await claim(store, { limit: 500 })).map((each) => settled(each, SAMPLED)),
      NOW,
    );
    const { upkeep, changes, drain } = store;
    const span = { after: { sampledAt: -1, raw: "" }, before: { sampledAt: NOW * 2, raw: "" } };
    const used = await plansOf(async () => {
      const samples = await upkeep.oldestSamples(A, span, 100);
      expect(samples).toHaveLength(100);
      expect(await upkeep.newestSamples(A, span.before, 100)).toHaveLength(100);
      expect((await upkeep.prune(A, samples, () => undefined)).removed).toEqual(samples);
      const queue = await upkeep.unsynced(300);
      expect(await upkeep.finishSync(queue, queue.slice(200), NOW)).toBeGreaterThan(0);
      expect(await upkeep.isMadeUnder(A, "raw/000001", null)).toBe(false);
      expect(await changes.makeDue(A, [samples[0]?.raw as string], NOW)).toBe(1);
      expect(await drain.nextRetry(NOW)).toBeUndefined();
      await upkeep.forgetRaw(A, samples[1]?.raw as string, { remove: () => undefined, now: NOW });
      expect(await upkeep.forgetSome(A, () => undefined)).toBe(100);
    });
    expect(used.filter(isScanOfAll)).toEqual([]);
  }, 120_000);
});

/** Numbers of what a worker has done. */
interface Done {
  readonly lines: number;
  readonly sampled: number;
  readonly failed: number;
}

const RAWS = Array.from({ length: 200 }, (_, i) => `raw/${i}.csv`);
/** Raws that are forgotten one after the other, and that no further line names. */
const FORGOTTEN = Array.from({ length: 30 }, (_, i) => `raw/${i}.old.csv`);
const ROUNDS = 15;

/** Does everything that changes outcomes, to raws that others work on as well. */
async function workOn({ ingest, drain, upkeep, changes }: Store, worker: number): Promise<Done> {
  const done = { lines: 0, sampled: 0, failed: 0 };
  const span = { after: { sampledAt: -1, raw: "" }, before: { sampledAt: NOW * 2, raw: "" } };
  const remove = () => undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const now = NOW + round;
    const dataset = (worker + round) % 2 === 0 ? A : B;
    const some = someOf(worker * ROUNDS + round);
    await ingest.accept(batchOf(dataset, some, worker * ROUNDS + round), now);
    done.lines += some.length;
    const claims = await drain.claim({ ...FREE, limit: 80, order: "newest", now });
    const all = claims.map((each, i) => settled(each, outcomeOf(round + i)));
    await drain.settle(all, now);
    for (const { outcome } of all) done[outcome.outcome] += 1;
    if (round % 3 === 0) await changes.retry({ ...everything, withPruned: true }, now);
    if (round % 3 === 1) {
      await changes.makeDue(dataset, some.slice(0, 5), now);
      for (const raw of FORGOTTEN.slice(2 * round, 2 * round + 2))
        await upkeep.forgetRaw(dataset, raw, { remove, now });
    }
    if (round % 3 === 2) {
      await upkeep.prune(dataset, await upkeep.oldestSamples(dataset, span, 20), remove);
      const queue = await upkeep.unsynced(20);
      await upkeep.finishSync(queue, queue.slice(0, 10), now);
    }
  }
  return done;
}

function batchOf(dataset: string, raws: readonly string[], mtime: number): Batch {
  const entries = raws.map((raw) => ({ raw, bronze: raw, mtime }));
  return { dataset, entries, rejected: [], checkpoints: [], expectedFor: namedAs };
}

/** Some raws, in an order of their own. */
function someOf(seed: number): string[] {
  const step = [1, 3, 7, 9, 11, 13][seed % 6] as number;
  return Array.from({ length: 60 }, (_, i) => RAWS[((seed + i) * step) % RAWS.length] as string);
}

function outcomeOf(i: number): Sampled | Failed {
  if (i % 4 === 0) return FAILED;
  return { ...SAMPLED, format: i % 4 === 1 ? "metadata" : "csv", validation: PASSED };
}

const FREE = { isFirst: true, skips: () => false, isBusy: () => false, busyCount: () => 0 };

function claim(store: Store, options: Partial<ClaimOptions> = {}): Promise<readonly Claim[]> {
  return store.drain.claim({ ...FREE, limit: 100, order: "oldest", now: NOW, ...options });
}

function settled(of: Claim, outcome: Sampled | Failed): Settled {
  return { claim: of, outcome, nextAt: null };
}

async function open(url: string): Promise<Store> {
  return storeIn(await openDatabase(url), { host: 0 }, createSortedLines);
}
