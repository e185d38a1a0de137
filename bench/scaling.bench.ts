import { storeIn } from "../src/store/sqlite/store.ts";
import { appendFileSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { closeCache, openCache } from "../src/store/sqlite/open.ts";
import { loadConfig } from "../src/config/load.ts";
import { createIngest } from "../src/sampling/ingest/ingest.ts";
import type { PassSummary } from "../src/store/types.ts";
import { ground, median, print, runProgram } from "./pairs.ts";
import { type Plot, type PlotPoint, svgOf } from "./plot.ts";
import { bareLoop, CSV_BYTES } from "./small-files.ts";
import { csvOf } from "./small-lake.ts";

const FILES = 20_000;
const ROUNDS = 3;
const THREADS = [1, 2, 3, 4];
const ENTRIES = [0, 100_000, 500_000, 1_000_000, 2_000_000];
/** Two threads have to reach this much of the rate of one. */
const LEAST_OF_ONE_THREAD = 1;
/** Number of cached entries, and the least rate with them, beside the rate with an empty cache. */
const LOADED = 1_000_000;
const LEAST_OF_EMPTY = 0.8;

const datasets = Array.from({ length: 10 }, (_, i) => `acme/orders${i}/v1`);
const plots = join(import.meta.dirname, "../docs/plots");
const OURS = "#2f81f7";
const OTHER = "#d9730d";

/** Measures a backlog of small files with more threads, and with more entries cached: two plots. */
export async function bench(): Promise<boolean> {
  const where = circumstances();
  using place = ground();
  makeFiles(place.path);
  mkdirSync(plots, { recursive: true });
  const isThreaded = byThreads(place.path, where);
  const isLevel = await byEntries(place.path, where);
  return isThreaded && isLevel;
}

/** With 1 to 4 threads, beside a bare synchronous loop in each round. */
function byThreads(root: string, where: string): boolean {
  const bare: number[] = [];
  const ours = THREADS.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    const prefix = join(root, `bare-${round}`);
    addFiles(root, prefix, 0);
    bare.push(bareLoop(datasets.map((dataset) => join(prefix, dataset))));
    print(`round ${round}: bare loop ${said(bare[round] as number)} files/s`);
    for (const i of turned(THREADS.length, round)) {
      const threads = THREADS[i] as number;
      const lake = join(root, `threads-${threads}-${round}`);
      addFiles(root, lake, 0);
      ours[i]?.push(drainRate(lake, threads));
      print(`round ${round}: drain.threads ${threads} ${said(ours[i]?.[round] as number)} files/s`);
    }
  }
  const points = pointsOf(THREADS, ours, bare);
  report("drain.threads", points, "the bare loop");
  save("threads.svg", {
    title: "Backlog of small CSV files, by threads",
    description: [
      `${said(FILES)} files of ${CSV_BYTES / 1000} KB in ${datasets.length} datasets, in one pass; the program's start is not counted.`,
      `Medians of ${ROUNDS} rounds (small dots); × is the median ratio to the bare loop of the same round.`,
      where,
    ],
    xLabel: "drain.threads",
    yLabel: "files/s",
    series: [
      { name: "Staging Sampler", color: OURS, points },
      {
        name: "bare loop, one thread: open, read 64 KiB, write, rename",
        color: OTHER,
        isLevel: true,
        points: THREADS.map((x) => ({ x, y: median(bare) })),
      },
    ],
  });
  const [one = [], two = []] = ours;
  return judged("two threads beside one", ratioOf(two, one), LEAST_OF_ONE_THREAD);
}

/** With the default threads, and a cache that grows within each round. */
async function byEntries(root: string, where: string): Promise<boolean> {
  const rates = ENTRIES.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    const lake = join(root, `entries-${round}`);
    let cached = 0;
    for (const [i, entries] of ENTRIES.entries()) {
      await addSettled(lake, cached, entries);
      addFiles(root, lake, entries);
      cached = entries + FILES;
      rates[i]?.push(drainRate(lake));
      print(
        `round ${round}: ${said(entries)} cached, ${said(rates[i]?.[round] as number)} files/s`,
      );
    }
  }
  const [empty = []] = rates;
  const points = pointsOf(ENTRIES, rates, empty);
  report("entries cached", points, "an empty cache");
  save("cached-entries.svg", {
    title: "Backlog of small CSV files, by entries already cached",
    description: [
      `${said(FILES)} new files of ${CSV_BYTES / 1000} KB in ${datasets.length} datasets, in one pass; the program's start is not counted.`,
      `Medians of ${ROUNDS} rounds (small dots); × is the median ratio to an empty cache in the same round.`,
      where,
    ],
    xLabel: "entries in the cache before",
    yLabel: "files/s",
    series: [
      { name: "Staging Sampler", color: OURS, points },
      {
        name: `${LEAST_OF_EMPTY} of the rate with an empty cache`,
        color: OTHER,
        isLevel: true,
        points: ENTRIES.map((x) => ({ x, y: LEAST_OF_EMPTY * median(empty) })),
      },
    ],
  });
  const loaded = rates[ENTRIES.indexOf(LOADED)] ?? [];
  return judged(`${said(LOADED)} cached beside none`, ratioOf(loaded, empty), LEAST_OF_EMPTY);
}

/** The medians, each with its ratio to the base and the rounds it comes from. */
function pointsOf(
  xs: readonly number[],
  rates: readonly (readonly number[])[],
  base: readonly number[],
): PlotPoint[] {
  return rates.map((rounds, i) => ({
    x: xs[i] as number,
    y: median(rounds),
    label: `× ${ratioOf(rounds, base).toFixed(2)}`,
    rounds,
  }));
}

/** The median of the ratios of each round. */
function ratioOf(rates: readonly number[], base: readonly number[]): number {
  return median(rates.map((rate, i) => rate / (base[i] as number)));
}

function report(what: string, points: readonly PlotPoint[], base: string): void {
  for (const { x, y, label } of points)
    print(`${what} ${said(x)}: median ${said(y)} files/s, ${label} ${base}`);
}

function judged(name: string, ratio: number, atLeast: number): boolean {
  const reached = ratio >= atLeast;
  print(
    `${name}: median ratio ${ratio.toFixed(3)} of ${ROUNDS} rounds, wanted ≥ ${atLeast}: ${reached ? "reached" : "MISSED"}`,
  );
  return reached;
}

/** Runs one pass over what is new; returns files per second of it, without the program's start. */
function drainRate(prefix: string, threads?: number): number {
  const config = join(prefix, "config.yaml");
  writeFileSync(config, threads === undefined ? "" : `drain:\n  threads: ${threads}\n`);
  const { out } = runProgram(["run", "--once", "--json", "--config", config, "--prefix", prefix]);
  const { sampled, ms } = JSON.parse(out) as PassSummary;
  if (sampled !== FILES) throw new Error(`${sampled} of ${FILES} were sampled`);
  return FILES / (ms / 1000);
}

/** The files that every lake has links to: their content takes its place on disk once. */
function makeFiles(root: string): void {
  const body = csvOf(CSV_BYTES);
  mkdirSync(join(root, "files"));
  for (let i = 0; i < FILES; i += 1) writeFileSync(join(root, "files", String(i)), body);
}

/** Adds the files to a lake's datasets in turn, and to their manifests. */
function addFiles(root: string, prefix: string, from: number): void {
  for (const dataset of datasets)
    for (const folder of ["bronze", "samples"])
      mkdirSync(join(prefix, dataset, folder), { recursive: true });
  for (let i = 0; i < FILES; i += 1) {
    const dataset = datasets[i % datasets.length] as string;
    linkSync(join(root, "files", String(i)), join(prefix, dataset, "bronze", nameOf(from + i)));
  }
  addLines(prefix, from, from + FILES);
}

/** Takes entries into the cache and settles them, as if their samples had been published. */
async function addSettled(prefix: string, from: number, to: number): Promise<void> {
  if (from >= to) return;
  addLines(prefix, from, to);
  const settings = loadConfig({ prefix, env: {} });
  const { db } = openCache(settings.state);
  // Room for all of it: only what comes after this is measured.
  db.pragma("cache_size = -2000000");
  const ingest = createIngest({
    store: storeIn(db, closeCache).ingest,
    settings,
    onRejected: () => Promise.resolve(),
  });
  for (const dataset of datasets) await ingest(dataset, Date.now());
  const { changes } = db
    .prepare(
      `UPDATE files SET outcome = 'sampled', done_mtime = mtime, next_at = NULL,
         settled_at = @now, sampled_at = @now, sample = name, format = 'csv', rows = 100,
         bytes = 3500, source_size = @bytes WHERE next_at IS NOT NULL`,
    )
    .run({ now: Date.now(), bytes: CSV_BYTES });
  closeCache(db);
  if (changes !== to - from) throw new Error(`${changes} of ${to - from} were taken in`);
}

function addLines(prefix: string, from: number, to: number): void {
  const lines = datasets.map((): string[] => []);
  for (let i = from; i < to; i += 1) {
    const name = nameOf(i);
    lines[i % datasets.length]?.push(
      JSON.stringify({ raw: `raw/${name}`, bronze: `bronze/${name}`, mtime: 1737200000 + i / 8 }),
    );
  }
  for (const [i, dataset] of datasets.entries()) {
    const directory = join(prefix, dataset, "manifests");
    mkdirSync(directory, { recursive: true });
    appendFileSync(join(directory, "processed.jsonl"), `${lines[i]?.join("\n")}\n`);
  }
}

/** Names that go up with time, as those of most files do. */
function nameOf(i: number): string {
  return `part-${String(i).padStart(9, "0")}.csv`;
}

/** 0 to `length`, each round from another one on: none is always the first. */
function turned(length: number, round: number): number[] {
  return Array.from({ length }, (_, i) => (i + round) % length);
}

function save(name: string, plot: Plot): void {
  writeFileSync(join(plots, name), svgOf(plot));
}

/** The time and the machine of the measurement, and the machine's load before it begins. */
function circumstances(): string {
  const [first] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  const load = (loadavg()[0] as number).toFixed(1);
  return `${day}; ${first?.model.trim()}, ${cpus().length} cores, load average ${load} before; Node ${process.versions.node}.`;
}

function said(value: number): string {
  return Math.round(value).toLocaleString("en");
}
