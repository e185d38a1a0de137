import { readFileSync } from "node:fs";
import { Client } from "pg";
import type { Sampled } from "../src/job.ts";
import type { Claim } from "../src/store/drain-store.ts";
import { createSortedLines } from "../src/store/open.ts";
import { storeToWork } from "../src/store/postgres/stores.ts";
import type { Store } from "../src/store/store.ts";
import { startPostgres } from "../test/helpers/postgres.ts";
import { ground, print } from "./pairs.ts";
import { cpuSecondsOf, cpuSecondsOfEnded } from "./proc.ts";

const DATASET = "acme/orders/v1";
const ENTRIES = Number(process.env["DATABASE_ENTRIES"] ?? 1_000_000);
const BATCH = 1000;
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
const SAMPLED: Sampled = {
  outcome: "sampled",
  format: "csv",
  complete: true,
  warnings: [],
  recognisedBy: "name",
  rows: 100,
  bytes: 5210,
  readBytes: 16_000,
  sourceSize: 16_000,
  ms: 1,
};

/** Processor time of PostgreSQL for a file, and the same while somebody keeps a transaction open. */
export async function bench(): Promise<boolean> {
  await using server = await startPostgres();
  using place = ground();
  const url = await server.database("files");
  await using store = await storeToWork({ url, state: place.path, createSortedLines }, true);
  const reader = new Client(url);
  await reader.connect();
  const main = await mainOf(reader);
  const line = await perEntry(main, ENTRIES, () => takeIn(store));
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

async function takeIn(store: Store): Promise<void> {
  await store.ingest.know(DATASET);
  for (let at = 0; at < ENTRIES; at += BATCH) {
    const entries = Array.from({ length: BATCH }, (_, i) => nameOf(at + i));
    await store.ingest.accept(
      {
        dataset: DATASET,
        entries: entries.map((name) => ({
          raw: `raw/${name}`,
          bronze: `bronze/${name}`,
          mtime: 1,
        })),
        rejected: [],
        checkpoints: [],
        expectedFor: (raw) => ({
          names: { plain: raw.slice(4), ifTaken: () => `other/${raw}` },
          extension: null,
        }),
      },
      Date.now(),
    );
  }
}

/** As paths are that are some sixty bytes long. */
function nameOf(i: number): string {
  return `2026/12/01/orders-of-the-day/part-${String(i).padStart(9, "0")}.csv.gz`;
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

/** The process that all others of a server come from. */
async function mainOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const status = readFileSync(`/proc/${rows[0]?.pid}/status`, "latin1");
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}

/** Processor time of all processes of a server so far, s. */
function secondsOf(main: number): number {
  const children = readFileSync(`/proc/${main}/task/${main}/children`, "latin1").trim().split(" ");
  const running = children.map((pid) => {
    try {
      return cpuSecondsOf(Number(pid));
    } catch {
      // It has ended since: its time counts as that of one that has.
      return 0;
    }
  });
  const alive = running.reduce((sum, seconds) => sum + seconds, 0);
  return cpuSecondsOf(main) + cpuSecondsOfEnded(main) + alive;
}

function told(times: readonly number[]): string {
  return `${times.map((time) => time.toFixed(1)).join(", ")} µs`;
}
