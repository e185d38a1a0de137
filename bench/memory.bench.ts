import { ftruncateSync, closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fillCache } from "./full-cache.ts";
import { startMeasured } from "./measured-daemon.ts";
import { ground, print } from "./pairs.ts";
import { residentOf } from "./proc.ts";
import { steadyWork } from "./steady.ts";
import { announce, csvOf, makeDataset, writeFiles } from "./small-lake.ts";

const MAX_BYTES = 200e6;
/** Greatest ratio of the larger of two to the smaller. */
const MAX_GROWTH = 1.1;
const MB = 1024 ** 2;
const GB = 1024 ** 3;

/** Entries of the smaller cache; the larger one has twice as many. */
const ENTRIES = Number(process.env["MEMORY_ENTRIES"] ?? 1_000_000);
const CACHED_DATASETS = 10;
/** On top of a full cache, in each of these rounds: files to sample, and this part said once more. */
const ROUNDS = 3;
const NEW_FILES = 200;
const SAID_AGAIN = 1 / 20;

const SIZED_FILES = 200;
/** Minutes of steady work; what it grows by in each of them is less than a look misses. */
const STEADY_MINUTES = Number(process.env["MEMORY_MINUTES"] ?? 10);
const MAX_KB_PER_MINUTE = 1000;

const DATASETS = 1000;
const FILES_EACH = 5;

/** Measures the daemon's resident memory at most: full caches, large files, many datasets. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const isSteady = await ofSteadyWork(join(place.path, "steady"));
  const [some, twice] = await ofFullCaches(join(place.path, "cached"));
  const small = await ofSizedFiles(join(place.path, "small"), MB);
  const large = await ofSizedFiles(join(place.path, "large"), 10 * GB);
  const watched = await ofDatasets(join(place.path, "watched"), {});
  const scheduled = await ofDatasets(join(place.path, "scheduled"), {
    watch: false,
    schedule: "*/2 * * * * *",
  });
  const millions = `${ENTRIES.toLocaleString("en")} → ${(2 * ENTRIES).toLocaleString("en")} entries`;
  const reached = [
    isSteady,
    isBelow(`cache of ${ENTRIES.toLocaleString("en")} entries`, some),
    isBelow(`cache of ${(2 * ENTRIES).toLocaleString("en")} entries`, twice),
    isBelow(`${SIZED_FILES} CSV files of 1 MB`, small),
    isBelow(`${SIZED_FILES} CSV files of 10 GB`, large),
    isBelow(`${DATASETS} datasets, watch on`, watched),
    isBelow(`${DATASETS} datasets, watch off`, scheduled),
    isFlat(millions, some, twice),
    isFlat("1 MB → 10 GB", small, large),
  ];
  return reached.every(Boolean);
}

/** Samples all formats at a steady rate. Returns whether memory stays below its limit and grows slowly. */
async function ofSteadyWork(prefix: string): Promise<boolean> {
  const { rssKb, rssKbPerMinute, rssKbByMinute } = await steadyWork(prefix, STEADY_MINUTES * 60);
  const byMinute = rssKbByMinute.map((kb) => ((kb * 1024) / 1e6).toFixed()).join(", ");
  const isLevel = rssKbPerMinute <= MAX_KB_PER_MINUTE;
  print(
    `${STEADY_MINUTES} minutes of all formats, most in each: ${byMinute} MB; ${rssKbPerMinute.toFixed()} KB a minute more, wanted ≤ ${MAX_KB_PER_MINUTE}: ${said(isLevel)}`,
  );
  return isBelow("steady work of all formats, page on", rssKb * 1024) && isLevel;
}

/** Peaks with a cache of `ENTRIES` entries, and of twice as many. Bytes. */
async function ofFullCaches(prefix: string): Promise<[number, number]> {
  const names = Array.from({ length: CACHED_DATASETS }, (_, i) => `acme/orders-${i}/v1`);
  const datasets = names.map((name) => makeDataset(prefix, name));
  writeFileSync(join(prefix, "config.yaml"), "");
  const each = ENTRIES / CACHED_DATASETS;
  const body = csvOf(16_000);
  const peaks: number[] = [];
  let [known, sampled] = [0, 0];
  for (let stage = 0; stage < 2; stage += 1) {
    for (const dataset of datasets) announce(dataset, known, known + each);
    known += each;
    await fillCache(prefix, names);
    const daemon = await startMeasured(prefix);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const dataset of datasets) {
        writeFiles(dataset, known, known + NEW_FILES, body);
        announce(dataset, 0, each * SAID_AGAIN);
        announce(dataset, known, known + NEW_FILES);
      }
      known += NEW_FILES;
      sampled += NEW_FILES * CACHED_DATASETS;
      await daemon.hasSampled(sampled);
    }
    peaks.push(residentOf(daemon.pid).peak);
    await daemon.stop();
  }
  return peaks as [number, number];
}

/** The peak while files of one size are sampled: a MB of records, and a hole up to that size. Bytes. */
async function ofSizedFiles(prefix: string, bytes: number): Promise<number> {
  const dataset = makeDataset(prefix, "acme/orders/v1");
  writeFiles(dataset, 0, SIZED_FILES, csvOf(MB));
  for (let i = 0; i < SIZED_FILES; i += 1) lengthen(join(dataset, `bronze/f${i}.csv`), bytes);
  announce(dataset, 0, SIZED_FILES);
  const daemon = await startMeasured(prefix);
  await daemon.hasSampled(SIZED_FILES);
  const { peak } = residentOf(daemon.pid);
  await daemon.stop();
  return peak;
}

function lengthen(path: string, bytes: number): void {
  const fd = openSync(path, "r+");
  ftruncateSync(fd, bytes);
  closeSync(fd);
}

/** The peak with many datasets, each with a few files, and one more once these are done. Bytes. */
async function ofDatasets(prefix: string, settings: object): Promise<number> {
  const body = csvOf(16_000);
  const datasets = Array.from({ length: DATASETS }, (_, i) =>
    makeDataset(prefix, `acme/orders-${i}/v1`),
  );
  for (const dataset of datasets) {
    writeFiles(dataset, 0, FILES_EACH + 1, body);
    announce(dataset, 0, FILES_EACH);
  }
  const daemon = await startMeasured(prefix, settings);
  await daemon.hasSampled(DATASETS * FILES_EACH);
  for (const dataset of datasets) announce(dataset, FILES_EACH, FILES_EACH + 1);
  await daemon.hasSampled(DATASETS * (FILES_EACH + 1));
  const { peak } = residentOf(daemon.pid);
  await daemon.stop();
  return peak;
}

function isBelow(what: string, peak: number): boolean {
  const reached = peak <= MAX_BYTES;
  print(
    `resident at most, ${what}: ${(peak / 1e6).toFixed(0)} MB, wanted ≤ ${MAX_BYTES / 1e6}: ${said(reached)}`,
  );
  return reached;
}

function isFlat(what: string, before: number, after: number): boolean {
  const reached = after <= before * MAX_GROWTH;
  print(
    `${what}: ${(after / before).toFixed(2)} times the memory, wanted ≤ ${MAX_GROWTH}: ${said(reached)}`,
  );
  return reached;
}

function said(reached: boolean): string {
  return reached ? "reached" : "MISSED";
}
