import { storeIn } from "../src/store/sqlite/store.ts";
import { appendFileSync, statSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cachePath } from "../src/store/sqlite/cache-files.ts";
import { closeCache, openCache, openCacheToRead } from "../src/store/sqlite/open.ts";
import { loadConfig } from "../src/config/load.ts";
import { createIngest } from "../src/sampling/ingest/ingest.ts";
import { appendEntry } from "../src/manifest/append.ts";
import { startMeasured } from "./measured-daemon.ts";
import { flush, ground, median, print } from "./pairs.ts";
import { residentOf, writtenBy } from "./proc.ts";
import { csvOf, makeDataset, writeFiles } from "./small-lake.ts";
import { randomFrom } from "./soak/random.ts";

/** Lines of the long manifest. */
const LINES = Number(process.env["MANIFEST_LINES"] ?? 1_000_000);
const LINES_AT_ONCE = 10_000;
const LONG = "acme/long/v1";
const SHORT = "zeta/short/v1";
/** Time between two lines of the short manifest, ms. */
const EVERY_MS = 100;
const MAX_P99_MS = 2000;
const MAX_TIMES_ORDERED = 3;
const MAX_WRITTEN_PER_BYTE = 5;
const MOST_MB = 200;

/**
 * A long manifest whose lines come in random order: what each costs and how much is written, beside
 * the same lines in order; and how long a line of another dataset waits meanwhile.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  const isCheap = await costs(place.path);
  const isFair = await waits(join(place.path, "daemon"));
  return isCheap && isFair;
}

async function costs(root: string): Promise<boolean> {
  const ordered = await takeIn(join(root, "ordered"), inOrder());
  const shuffledCosts = await takeIn(join(root, "shuffled"), shuffled());
  const times = shuffledCosts.us / ordered.us;
  print(
    `${LINES} new lines: ${ordered.us.toFixed(1)} µs each in order, ${shuffledCosts.us.toFixed(1)} shuffled, ${times.toFixed(2)} times as much (wanted ≤ ${MAX_TIMES_ORDERED})`,
  );
  print(
    `bytes written for each byte that is kept: ${ordered.written.toFixed(2)} in order, ${shuffledCosts.written.toFixed(2)} shuffled (wanted ≤ ${MAX_WRITTEN_PER_BYTE})`,
  );
  return times <= MAX_TIMES_ORDERED && shuffledCosts.written <= MAX_WRITTEN_PER_BYTE;
}

/** Takes a manifest in: µs for each line, and bytes written for each of the cache. */
async function takeIn(
  prefix: string,
  order: Uint32Array,
): Promise<{ readonly us: number; readonly written: number }> {
  announce(makeDataset(prefix, LONG), order);
  const settings = loadConfig({ prefix, env: {} });
  const { db } = openCache(settings.state);
  const ingest = createIngest({
    store: storeIn(db, closeCache).ingest,
    settings,
    onRejected: () => Promise.resolve(),
  });
  flush();
  const [began, before] = [performance.now(), writtenBy(process.pid)];
  const { due } = await ingest(LONG, Date.now());
  db.pragma("wal_checkpoint(TRUNCATE)");
  const us = (1000 * (performance.now() - began)) / LINES;
  const written = writtenBy(process.pid) - before;
  db.close();
  if (due !== LINES) throw new Error(`${due} of ${LINES} lines became due`);
  return { us, written: written / statSync(cachePath(settings.state)).size };
}

/** From the append to the published sample in one dataset, while another takes in its lines. */
async function waits(prefix: string): Promise<boolean> {
  const long = makeDataset(prefix, LONG);
  const short = makeDataset(prefix, SHORT);
  writeFiles(long, 0, 1, csvOf(1000));
  writeFiles(short, 0, 1, csvOf(1000));
  const config = join(prefix, "config.yaml");
  writeFileSync(config, JSON.stringify({ prefix }));
  const daemon = await startMeasured(prefix);
  await append(0);
  await daemon.hasSampled(1);
  const db = openCacheToRead(join(prefix, ".staging-sampler"));
  const taken = db
    .prepare("SELECT coalesce(sum(n), 0) FROM totals JOIN datasets ON id = dataset WHERE name = ?")
    .pluck();

  const appended = new Map<string, number>();
  const found: number[] = [];
  const watcher = watch(join(short, "samples"), (_event, name) => {
    const at = appended.get(name ?? "");
    if (at === undefined) return;
    found.push(performance.now() - at);
    appended.delete(name as string);
  });
  announce(long, shuffled());
  const began = performance.now();
  let count = 0;
  while ((taken.get(LONG) as number) < LINES) {
    count += 1;
    appended.set(`s${count}_sample.csv`, performance.now());
    await append(count);
    await sleep(EVERY_MS);
  }
  const seconds = (performance.now() - began) / 1000;
  while (appended.size > 0) await sleep(EVERY_MS);
  const { peak } = residentOf(daemon.pid);
  watcher.close();
  db.close();
  await daemon.stop();

  const p99 = found.toSorted((a, b) => a - b)[Math.floor(found.length * 0.99)] as number;
  print(
    `append to sample beside ${LINES} shuffled lines of another dataset, taken in within ${seconds.toFixed(1)} s, ${count} files: median ${median(found).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (wanted ≤ ${MAX_P99_MS}), most ${Math.max(...found).toFixed(0)} ms; resident at most ${(peak / 1e6).toFixed(0)} MB (wanted ≤ ${MOST_MB})`,
  );
  return p99 <= MAX_P99_MS && peak <= MOST_MB * 1e6;

  function append(i: number): Promise<string> {
    return appendEntry({
      prefix,
      dataset: SHORT,
      raw: `raw/s${i}.csv`,
      bronze: "bronze/f0.csv",
      mtime: i,
    });
  }
}

/** Appends lines with these numbers to the manifest; all name one bronze file. */
function announce(dataset: string, order: Uint32Array): void {
  const path = join(dataset, "manifests/processed.jsonl");
  for (let at = 0; at < order.length; at += LINES_AT_ONCE) {
    const lines = Array.from(order.subarray(at, at + LINES_AT_ONCE), (i) => {
      const raw = `raw/env0/part-${String(i).padStart(8, "0")}.csv`;
      return `${JSON.stringify({ raw, bronze: "bronze/f0.csv", mtime: 1_737_200_000 + i / 8 })}\n`;
    });
    appendFileSync(path, lines.join(""));
  }
}

function inOrder(): Uint32Array {
  return Uint32Array.from({ length: LINES }, (_, i) => i);
}

function shuffled(): Uint32Array {
  const random = randomFrom(1);
  const order = inOrder();
  for (let i = LINES - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    [order[i], order[other]] = [order[other] as number, order[i] as number];
  }
  return order;
}
