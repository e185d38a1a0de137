import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { Claim } from "../src/store/drain-store.ts";
import { createSortedLines } from "../src/store/open.ts";
import { takeDatabaseLock } from "../src/store/postgres/lock.ts";
import { openDatabase } from "../src/store/postgres/open.ts";
import { storeIn } from "../src/store/postgres/store.ts";
import { storeToWork } from "../src/store/postgres/stores.ts";
import type { Lock } from "../src/store/types.ts";
import type { Store } from "../src/store/store.ts";
import { startPostgres } from "../test/helpers/postgres.ts";
import { SAMPLED } from "../test/helpers/sampled.ts";
import { announceEntries } from "./entries.ts";
import { print } from "./pairs.ts";
import { mainOf, secondsOf } from "./server-time.ts";

const HOSTS = Number(process.env["FLEET_HOSTS"] ?? 64);
/** Files that a host has in work at a time, and the time that each takes, ms. */
const IN_WORK = 2;
const WORK_MS = 20;
const SECONDS = 15;
/** Entries that are claimed at once, as in a pass. */
const CLAIMED = 256;
/** Least part of what so many hosts could do, and most processors of the server. */
const LEAST_PART = 0.75;
const MOST_PROCESSORS = 0.5;

/** Many hosts on one database: real turns and statements, and files that only take their time. */
export async function bench(): Promise<boolean> {
  await using server = await startPostgres("max_connections=1000");
  const url = await server.database("fleet");
  const possible = (HOSTS * IN_WORK * 1000) / WORK_MS;
  const producing = storeIn(await openDatabase(url), { host: 0 }, createSortedLines);
  await announceEntries(producing, Math.ceil((possible * SECONDS * 1.3) / 1000) * 1000);
  const locks: Lock[] = [];
  const stores: Store[] = [];
  for (let i = 0; i < HOSTS; i += 1) {
    locks.push(await takeDatabaseLock(url, { state: `/${i}`, isShared: true }));
    stores.push(await storeToWork({ url, state: `/${i}`, createSortedLines }, true));
  }
  await untilShared(stores);
  const client = new Client(url);
  await client.connect();
  const main = await mainOf(client);
  const before = secondsOf(main);
  const began = performance.now();
  const settled = await Promise.all(stores.map((store) => work(store, began + SECONDS * 1000)));
  const seconds = (performance.now() - began) / 1000;
  const processors = (secondsOf(main) - before) / seconds;
  const rate = settled.reduce((sum, each) => sum + each, 0) / seconds;
  await client.end();
  for (const each of [...stores, producing]) await each.close();
  for (const lock of locks) await lock.release();
  const reached = rate / possible >= LEAST_PART && processors <= MOST_PROCESSORS;
  print(
    `${HOSTS} hosts: ${rate.toFixed()} files/s, ${(rate / possible).toFixed(3)} of ${possible}, wanted ≥ ${LEAST_PART}; ${processors.toFixed(2)} processors of the server, ${((processors / rate) * 1e6).toFixed()} µs a file, wanted ≤ ${MOST_PROCESSORS}: ${reached ? "reached" : "MISSED"}`,
  );
  return reached;
}

/** Waits until each host has its share of the turns. */
async function untilShared(stores: readonly Store[]): Promise<void> {
  for (;;) {
    for (const { turns } of stores) await turns?.balance();
    const held = stores.map(({ turns }) => turns?.figures().held ?? 0);
    const most = Math.ceil(64 / stores.length);
    if (held.every((each) => each <= most) && held.reduce((sum, each) => sum + each, 0) === 64)
      return;
    await sleep(500);
  }
}

/** Does what is due until a time; returns the number of outcomes that were written. */
async function work({ drain }: Store, until: number): Promise<number> {
  const busy = new Set<string>();
  let queue: Claim[] = [];
  let done: Claim[] = [];
  let settled = 0;
  let claiming: Promise<unknown> | undefined;
  let isFirst = true;

  async function claim(): Promise<void> {
    const claims = await drain.claim({
      limit: CLAIMED,
      order: "oldest",
      isFirst,
      now: Date.now(),
      skips: () => false,
      isBusy: (_, raw) => busy.has(raw),
      busyCount: () => busy.size,
    });
    isFirst = false;
    for (const { job } of claims) busy.add(job.raw);
    queue = [...queue, ...claims];
  }

  async function sample(): Promise<void> {
    while (performance.now() < until) {
      if (queue.length === 0) await (claiming ??= claim().finally(() => (claiming = undefined)));
      const next = queue.shift();
      await sleep(WORK_MS);
      if (next !== undefined) done.push(next);
    }
  }

  async function settle(): Promise<void> {
    while (performance.now() < until) {
      await sleep(drain.batchMs());
      const now = done;
      done = [];
      await drain.settle(
        now.map((each) => ({ claim: each, outcome: SAMPLED, nextAt: null })),
        Date.now(),
      );
      for (const { job } of now) busy.delete(job.raw);
      settled += now.length;
    }
  }

  await Promise.all([...Array.from({ length: IN_WORK }, sample), settle()]);
  return settled;
}
