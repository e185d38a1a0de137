import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSortedLines } from "../../src/store/open.ts";
import type { Claim, ClaimOptions } from "../../src/store/drain-store.ts";
import type { Batch } from "../../src/store/ingest-store.ts";
import { connect } from "../../src/store/postgres/connect.ts";
import { takeDatabaseLock } from "../../src/store/postgres/lock.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { storeToWork } from "../../src/store/postgres/stores.ts";
import { LANES, laneOf } from "../../src/store/postgres/turns/lanes.ts";
import type { OpenTurns } from "../../src/store/postgres/turns/turns.ts";
import { TurnLost } from "../../src/store/turns.ts";
import { namedAs } from "../helpers/named.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { manyDue, scansOf } from "./many-due.ts";
import { SAMPLED } from "../helpers/sampled.ts";

const DATASET = "acme/orders/v1";
/** ms since epoch. */
const NOW = 1_000_000;
const ALL: ClaimOptions = {
  limit: 10,
  order: "oldest",
  now: NOW + 1,
  isFirst: true,
  skips: () => false,
  isBusy: () => false,
  busyCount: () => 0,
};
/** Hands each turn out once more, as pg-boss does with those of a host that it has not heard of. */
const STOLEN = "UPDATE staging_sampler_turns.job SET retry_count = retry_count + 1";

describe.skipIf(whyNoPostgres !== undefined)("turns in PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("who comes too late settles nothing, and what it published is due again", async () => {
    const url = await server.database("late");
    await using store = await storeToWork({ url, state: "/a", createSortedLines }, true);
    await store.ingest.know(DATASET);
    await store.ingest.accept(batchOf(["a.csv", "b.csv"]), NOW);
    const claims = await store.drain.claim(ALL);
    expect(claims.map(({ job }) => typeof job.turn)).toEqual(["number", "number"]);
    const [first, second] = claims.map((claim) => ({ claim, outcome: SAMPLED, nextAt: null }));
    if (first === undefined || second === undefined) throw new Error("not claimed");
    await store.drain.settle([first], NOW + 2);
    await using db = disposable(url);
    await db.run(STOLEN);
    await store.drain.settle([second], NOW + 2);
    await store.drain.confirm([second.claim], NOW + 2);
    const [totals] = await store.queries.totals(NOW + 3);
    expect(totals).toMatchObject({ sampled: 1, waiting: 1, due: 1 });
    const figures = store.turns?.figures();
    expect(figures).toMatchObject({ late: 1, lagMs: 1 });
    expect(figures?.statements).toBeGreaterThan(10);
    await expect(store.ingest.accept(batchOf(["c.csv"]), NOW)).rejects.toThrow(TurnLost);
    await expect(store.ingest.saveCheckpoints(DATASET, [])).rejects.toThrow(TurnLost);
    expect(await store.ingest.entriesKnown(DATASET)).toBe(2);
  });

  test("what a sample too late took the place of is made again", async () => {
    const url = await server.database("late_again");
    await using store = await storeToWork({ url, state: "/a", createSortedLines }, true);
    await store.ingest.know(DATASET);
    await store.ingest.accept(batchOf(["a.csv"]), NOW);
    const claims = await store.drain.claim(ALL);
    await using db = disposable(url);
    // The next host has sampled a newer version meanwhile.
    await db.run("UPDATE files SET next_at = NULL, outcome = 'sampled', mtime = 2, done_mtime = 2");
    await db.run(STOLEN);
    const settled = claims.map((claim) => ({ claim, outcome: SAMPLED, nextAt: null }));
    await store.drain.settle(settled, NOW + 2);
    expect(await db.all("SELECT next_at, mtime FROM files")).toEqual([
      { next_at: NOW + 2, mtime: 2 },
    ]);
  });

  test("a host that has no turns takes nothing", async () => {
    const url = await server.database("second");
    await using one = await storeToWork({ url, state: "/a", createSortedLines }, true);
    await using two = await storeToWork({ url, state: "/b", createSortedLines }, true);
    await one.ingest.know(DATASET);
    await one.ingest.accept(batchOf(["a.csv"]), NOW);
    expect(await two.drain.claim(ALL)).toEqual([]);
    expect(two.turns?.hasDataset(DATASET)).toBe(false);
    await expect(two.ingest.accept(batchOf(["b.csv"]), NOW)).rejects.toThrow(TurnLost);
    expect(await one.drain.claim(ALL)).toHaveLength(1);
  });

  test("claims of some lanes walk through no others, while statistics are those of an empty table", async () => {
    const url = await server.database("shared");
    await using one = await storeToWork({ url, state: "/a", createSortedLines }, true);
    const half = Array.from({ length: LANES / 2 }, (_, lane): [number, number] => [2 * lane, 1]);
    const close = async () => undefined;
    const turns = { ...(one.turns as OpenTurns), held: () => new Map(half), close };
    await using lake = await manyDue(server, "plans", [DATASET], { host: 0, turns });
    let claims: readonly Claim[] = [];
    const plans = await lake.plansOf(async () => {
      claims = await lake.store.drain.claim({ ...ALL, limit: 256 });
    });
    expect(claims).toHaveLength(256);
    for (const { job } of claims) expect(laneOf(job.raw) % 2).toBe(0);
    const scans = scansOf(plans).filter((node) => node["Index Name"] === "due_in_lane");
    expect(scans).toHaveLength(1);
    expect(scans[0]?.["Index Cond"]).toMatch(/dataset = .*lane = .*next_at <= /);
  });

  test("the database counts lanes as this program does", async () => {
    const url = await server.database("lanes");
    await using store = await storeToWork({ url, state: "/a", createSortedLines }, false);
    await store.ingest.know(DATASET);
    const raws = Array.from({ length: 500 }, (_, i) => `raw/${i}`);
    await store.ingest.accept(batchOf(raws), NOW);
    await using db = disposable(url);
    const rows = await db.all<{ raw: Buffer; lane: number }>("SELECT raw, lane FROM files");
    for (const { raw, lane } of rows) expect(lane).toBe(laneOf(raw.toString()));
    expect(new Set(rows.map(({ lane }) => lane)).size).toBe(LANES);
  });

  test("deaths at a file count for all hosts", async () => {
    const url = await server.database("deaths");
    await using one = await storeToWork({ url, state: "/a", createSortedLines }, true);
    await using two = await storeToWork({ url, state: "/b", createSortedLines }, true);
    const died = [one, two].map(({ process }) => process.countDeaths(["0123"], NOW));
    const counts = (await Promise.all(died)).map((each) => each.get("0123"));
    expect(counts.toSorted()).toEqual([1, 2]);
  });

  test("tables are changed under nobody who works", async () => {
    const url = await server.database("older");
    await (await openDatabase(url)).close();
    await using db = disposable(url);
    await db.run("UPDATE facts SET value = '0.5' WHERE key = 'version'");
    const [one, two] = [
      await takeDatabaseLock(url, { state: "/a", isShared: true }),
      await takeDatabaseLock(url, { state: "/a", isShared: true }),
    ];
    try {
      await expect(openDatabase(url)).rejects.toThrow(/works on them: stop all hosts/);
    } finally {
      await one.release();
      await two.release();
    }
  });
});

function disposable(url: string) {
  const db = connect(url);
  return Object.assign(db, { [Symbol.asyncDispose]: () => db.close() });
}

function batchOf(raws: readonly string[]): Batch {
  return {
    dataset: DATASET,
    entries: raws.map((raw) => ({ raw, bronze: `bronze/${raw}`, mtime: 1 })),
    rejected: [],
    checkpoints: [],
    expectedFor: namedAs,
  };
}
