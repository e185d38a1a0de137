import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { createSortedLines, openStoreToRead } from "../src/store/open.ts";
import { openDatabase } from "../src/store/postgres/open.ts";
import { storeIn } from "../src/store/postgres/store.ts";
import type { Store } from "../src/store/store.ts";
import { type Postgres, startPostgres } from "../test/helpers/postgres.ts";
import { startProxy, type TcpProxy } from "../test/helpers/tcp-proxy.ts";
import { ENVIRONMENT, PROGRAM } from "./built.ts";
import { announceEntries, DATASET as BACKLOG_OF } from "./entries.ts";
import { compare, ground, median, print, runProgram } from "./pairs.ts";
import { serveFiles } from "./serve-files.ts";
import { announce, csvOf, makeDataset, writeFiles } from "./small-lake.ts";

const DATASET = "acme/orders/v1";
/** The wait of each file, ms; a host has one in work at a time. */
const WAIT_MS = 20;
const FILES_PER_HOST = 1000;
/** Numbers of hosts, and the least part of what so many times one host would do. */
const HOSTS = [
  [1, 1],
  [2, 0.95],
  [4, 0.9],
  [8, 0.8],
] as const;
/** Longest time until the turns of a host that died are another one's, s. */
const MOST_REDELIVERY_S = 12;
const SMALL_FILES = 10_000;
const SMALL_BYTES = 4096;

/** Entries that are due, files of another dataset that come meanwhile, and the time between two; ms. */
const BACKLOG = Number(process.env["HOSTS_BACKLOG"] ?? 1_000_000);
const LATE_FILES = 100;
const LATE_MS = 300;
const MOST_MEDIAN_MS = 1000;
const MOST_P99_MS = 3000;

/** Several hosts on files that wait, hosts that go, and a database beside the cache. */
export async function bench(): Promise<boolean> {
  await using server = await startPostgres();
  const isScaled = await scaling(server);
  const isFound = await redelivery(server);
  const isSoon = await besideBacklog(server);
  return (await besideCache(server)) && isScaled && isFound && isSoon;
}

async function scaling(server: Postgres): Promise<boolean> {
  let one = 0;
  let reached = true;
  for (const [count, least] of HOSTS) {
    using place = ground();
    await using hosts = await startHosts(place.path, server, { name: `scaling_${count}`, count });
    const rate = await rateOf(hosts, count * FILES_PER_HOST);
    one ||= rate;
    const part = rate / (one * count);
    reached &&= part >= least;
    print(
      `${count} hosts: ${rate.toFixed(1)} files/s, ${part.toFixed(3)} of linear, wanted ≥ ${least}: ${verdict(part >= least)}`,
    );
  }
  return reached;
}

async function redelivery(server: Postgres): Promise<boolean> {
  let reached = true;
  for (const how of ["killed", "cut off"] as const) {
    using place = ground();
    const name = `redelivery_${how.replace(" ", "_")}`;
    await using hosts = await startHosts(place.path, server, { name, count: 2 });
    const [first] = hosts.all as [Host];
    const began = performance.now();
    if (how === "killed") first.child.kill("SIGKILL");
    else first.proxy.cutOff();
    const pid = hosts.all[1]?.child.pid;
    const isTaken = async () =>
      (await hosts.store.queries.hosts()).some((host) => host.pid === pid && host.lanes === 64);
    await until(isTaken);
    const seconds = (performance.now() - began) / 1000;
    reached &&= seconds <= MOST_REDELIVERY_S;
    print(
      `${how}: its turns are the other's after ${seconds.toFixed(1)} s, wanted ≤ ${MOST_REDELIVERY_S}: ${verdict(seconds <= MOST_REDELIVERY_S)}`,
    );
  }
  return reached;
}

/** Small files with one host: the rate with a database, beside that with a cache. */
function besideCache(server: Postgres): Promise<boolean> {
  const rateWith = (database?: string) => {
    using place = ground();
    const dataset = makeDataset(place.path, DATASET);
    writeFiles(dataset, 0, SMALL_FILES, csvOf(SMALL_BYTES));
    announce(dataset, 0, SMALL_FILES);
    const config = join(place.path, "config.yaml");
    const chosen = { prefix: place.path, ...(database === undefined ? {} : { database }) };
    writeFileSync(config, JSON.stringify(chosen));
    const began = performance.now();
    runProgram(["run", "--once", "--config", config]);
    return SMALL_FILES / ((performance.now() - began) / 1000);
  };
  return compare({
    name: "small files, database beside cache",
    unit: "files/s",
    ours: async (round) => rateWith(await server.database(`small_${round}`)),
    reference: () => rateWith(),
    atLeast: 0.6,
  });
}

/** From the append of a line to its sample, while very many entries of another dataset are due. */
async function besideBacklog(server: Postgres): Promise<boolean> {
  using place = ground();
  const name = "backlog";
  await using hosts = await startHosts(place.path, server, { name, count: 2, isWhole: true });
  const { prefix, store } = hosts;
  const [busy, quiet] = [makeDataset(prefix, BACKLOG_OF), makeDataset(prefix, "acme/returns/v1")];
  writeFileSync(join(busy, "bronze/all.csv.gz"), gzipSync(csvOf(SMALL_BYTES)));
  writeFiles(quiet, 0, LATE_FILES, csvOf(SMALL_BYTES));
  const producing = storeIn(await openDatabase(hosts.database), { host: 0 }, createSortedLines);
  await announceEntries(producing, BACKLOG, () => "bronze/all.csv.gz");
  await producing.close();
  const waits: number[] = [];
  for (let i = 0; i < LATE_FILES; i += 1) {
    await sleep(LATE_MS);
    const began = performance.now();
    announce(quiet, i, i + 1);
    while (!existsSync(join(quiet, `samples/f${i}_sample.csv`))) await sleep(2);
    waits.push(performance.now() - began);
  }
  const due = (await store.queries.totals(Date.now())).reduce((sum, each) => sum + each.due, 0);
  const sorted = waits.toSorted((a, b) => a - b);
  const [middle, p99] = [median(waits), sorted[Math.floor(LATE_FILES * 0.99)] as number];
  const reached = middle <= MOST_MEDIAN_MS && p99 <= MOST_P99_MS && due > 0;
  print(
    `one entry beside ${BACKLOG.toLocaleString("en")} that are due, ${due.toLocaleString("en")} of them at the end: median ${middle.toFixed()} ms, p99 ${p99.toFixed()} ms, wanted ≤ ${MOST_MEDIAN_MS}, ${MOST_P99_MS}: ${verdict(reached)}`,
  );
  return reached;
}

interface Host {
  readonly child: ChildProcess;
  readonly proxy: TcpProxy;
}

interface HostsOptions {
  readonly name: string;
  readonly count: number;
  /** True for hosts that have as many files in work as by default. */
  readonly isWhole?: boolean;
}

interface Hosts extends AsyncDisposable {
  readonly all: readonly Host[];
  readonly store: Store;
  readonly prefix: string;
  /** The URL of the database. */
  readonly database: string;
  /** The URL of a file that waits before it is sent. */
  readonly url: string;
}

/** Starts hosts, and waits until the work is divided. */
async function startHosts(
  root: string,
  server: Postgres,
  { name, count, isWhole = false }: HostsOptions,
): Promise<Hosts> {
  const prefix = join(root, "lake");
  const files = join(root, "files");
  for (const path of [join(prefix, DATASET, "manifests"), files])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(files, "a.csv"), "id,name\n1,a\n2,b\n");
  const remote = await serveFiles(files, WAIT_MS);
  const url = remote.url("a.csv");
  const database = new URL(await server.database(name));
  const all: Host[] = [];
  for (let i = 0; i < count; i += 1) {
    const proxy = await startProxy(new URL(`http://127.0.0.1:${database.port}/`), () => undefined);
    const through = new URL(database);
    through.port = proxy.url.port;
    const home = join(root, `host-${i}`);
    mkdirSync(home);
    const config = join(home, "config.yaml");
    const allowedRoots = [new URL(".", url).href];
    const drain = isWhole ? {} : { concurrency: 1, threads: 1 };
    const chosen = { prefix, state: join(home, "state"), database: through.href };
    writeFileSync(config, JSON.stringify({ ...chosen, drain, allowedRoots }));
    const [node, ...main] = PROGRAM as [string, ...string[]];
    const child = spawn(node, [...main, "run", "--config", config], {
      env: ENVIRONMENT,
      stdio: "ignore",
    });
    all.push({ child, proxy });
    if (i === 0) await sleep(3000);
  }
  const store = await openStoreToRead({ state: join(root, "none"), database: database.href });
  const share = Math.ceil(64 / count);
  await until(async () => {
    const hosts = await store.queries.hosts();
    const lanes = hosts.map((host) => host.lanes);
    const sum = lanes.reduce((total, each) => total + each, 0);
    return hosts.length === count && sum === 64 && lanes.every((each) => each <= share);
  });
  return {
    all,
    store,
    prefix,
    database: database.href,
    url,
    async [Symbol.asyncDispose]() {
      for (const { child, proxy } of all) {
        const ended = child.exitCode === null && child.signalCode === null && once(child, "exit");
        child.kill("SIGKILL");
        await ended;
        await proxy[Symbol.asyncDispose]();
      }
      await store.close();
      await remote[Symbol.asyncDispose]();
    },
  };
}

/** Announces so many files, and returns how many a second are sampled. */
async function rateOf({ store, prefix, url }: Hosts, count: number): Promise<number> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: url, mtime: 1 }),
  );
  const began = performance.now();
  appendFileSync(join(prefix, DATASET, "manifests/processed.jsonl"), `${lines.join("\n")}\n`);
  await until(async () => (await store.queries.totals(Date.now()))[0]?.sampled === count);
  return count / ((performance.now() - began) / 1000);
}

function verdict(isReached: boolean): string {
  return isReached ? "reached" : "MISSED";
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(100);
}
