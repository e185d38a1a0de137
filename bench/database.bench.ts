import { Client } from "pg";
import type { Claim } from "../src/store/drain-store.ts";
import { createSortedLines } from "../src/store/open.ts";
import { storeToWork } from "../src/store/postgres/stores.ts";
import type { Store } from "../src/store/store.ts";
import { startPostgres } from "../test/helpers/postgres.ts";
import { SAMPLED } from "../test/helpers/sampled.ts";
import { announceEntries } from "./entries.ts";
import { ground, print } from "./pairs.ts";
import { mainOf, secondsOf } from "./server-time.ts";

const ENTRIES = Number(process.env["DATABASE_ENTRIES"] ?? 1_000_000);
/** Entries that are claimed at once, as in a pass. */
const CLAIMED = 256;
/** Outcomes that are written at once: those of 200 ms at 5,000 files a second. */
const SETTLED = 4 * CLAIMED;
/** Entries of a drain: a pass ends after a while, if only to read manifests. */
const DRAIN = 10 * SETTLED;
/** Parts of the entries that are settled in each measurement, and how often. */
const PART = 1 / 10;
const TIMES = 4;
/** Processor time of the server for a file, from its line to its outcome, µs. */
const MOST_US = 45;
/** Greatest ratio of the last measurement to the first one. */
const MOST_GROWTH = 1.15;

/** Processor time of PostgreSQL for a file, and the same while somebody keeps a transaction open. */
export async function bench(): Promise<boolean> {
  await using server = await startPostgres();
  using place = ground();
  const url = await server.database("files");
  await using store = await storeToWork({ url, state: place.path, createSortedLines }, true);
  const reader = new Client(url);
  await reader.connect();
  const main = await mainOf(reader);
  const line = await perEntry(main, ENTRIES, () => announceEntries(store, ENTRIES));
  const count = ENTRIES * PART;
  const plain = await drain(main, store, count);
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class");
  const pinned = await drain(main, store, count);
  await reader.end();
  const worst = line + Math.max(...plain, ...pinned);
  const growth = (pinned.at(-1) as number) / (plain[0] as number);
  const reached = worst <= MOST_US && growth <= MOST_GROWTH;
  print(
    `${ENTRIES.toLocaleString("en")} entries: a line ${line.toFixed(1)} µs of the server, a file ${told(plain)}; beside an open transaction ${told(pinned)}`,
  );
  print(
    `together at most ${worst.toFixed(1)} µs, wanted ≤ ${MOST_US}; the last ${growth.toFixed(2)} times the first, wanted ≤ ${MOST_GROWTH}: ${reached ? "reached" : "MISSED"}`,
  );
  return reached;
}

/** Claims and settles entries; the processor time of the server for each of them, µs, in each measurement. */
async function drain(main: number, store: Store, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1)
    times.push(await perEntry(main, count, () => settleSome(store, count)));
  return times;
}

async function settleSome(store: Store, count: number): Promise<void> {
  const options = { order: "oldest", skips: () => false } as const;
  let busy: Claim[] = [];
  let done = 0;
  while (done < count) {
    const raws = new Set(busy.map(({ job }) => job.raw));
    const next = await store.drain.claim({
      ...options,
      limit: CLAIMED,
      isFirst: done % DRAIN === 0 && busy.length === 0,
      now: Date.now(),
      isBusy: (_, raw) => raws.has(raw),
      busyCount: () => raws.size,
    });
    busy.push(...next);
    if (busy.length < SETTLED) continue;
    const settled = busy.map((claim) => ({ claim, outcome: SAMPLED, nextAt: null }));
    await store.drain.settle(settled, Date.now());
    done += busy.length;
    busy = [];
  }
}

/** Processor time of the server for one of so many entries, µs. */
async function perEntry(main: number, entries: number, work: () => Promise<void>): Promise<number> {
  const before = secondsOf(main);
  await work();
  return ((secondsOf(main) - before) * 1e6) / entries;
}

function told(times: readonly number[]): string {
  return `${times.map((time) => time.toFixed(1)).join(", ")} µs`;
}
