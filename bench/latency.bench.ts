import { watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { appendEntry } from "../src/manifest/append.ts";
import { startMeasured } from "./measured-daemon.ts";
import { ground, median, print } from "./pairs.ts";
import { announce, csvOf, makeDataset, writeFiles } from "./small-lake.ts";

const FILES_PER_S = 100;
const FILES = 20 * FILES_PER_S;
const DATASET = "acme/orders/v1";
const MAX_MEDIAN_MS = 100;
const MAX_P99_MS = 1000;

/**
 * From the append to the published sample, with the daemon watching. An open loop: each file has
 * its time, whatever became of those before it, and its wait counts from then.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  const directory = makeDataset(place.path, DATASET);
  writeFiles(directory, 0, FILES + 1, csvOf(16_000));
  announce(directory, FILES, FILES + 1);
  const daemon = await startMeasured(place.path);
  await daemon.hasSampled(1);

  const published = new Map<string, number>();
  const watcher = watch(join(directory, "samples"), (_event, name) => {
    if (name !== null && !published.has(name)) published.set(name, performance.now());
  });
  const began = performance.now();
  const dueAt = (i: number) => began + (1000 * i) / FILES_PER_S;
  const appended: Promise<string>[] = [];
  for (let i = 0; i < FILES; i += 1) {
    const wait = dueAt(i) - performance.now();
    if (wait > 0) await sleep(wait);
    const [raw, bronze] = [`raw/f${i}.csv`, `bronze/f${i}.csv`];
    appended.push(appendEntry({ prefix: place.path, dataset: DATASET, raw, bronze, mtime: i }));
  }
  await Promise.all(appended);
  await daemon.hasSampled(FILES + 1);
  await daemon.stop();
  watcher.close();

  const waits = Array.from({ length: FILES }, (_, i) => {
    const at = published.get(`f${i}_sample.csv`);
    if (at === undefined) throw new Error(`nobody saw the sample of f${i}.csv`);
    return at - dueAt(i);
  });
  const middle = median(waits);
  const p99 = waits.toSorted((a, b) => a - b)[Math.floor(FILES * 0.99)] as number;
  print(
    `append to sample, ${FILES} files at ${FILES_PER_S} a second: median ${middle.toFixed(1)} ms (wanted ≤ ${MAX_MEDIAN_MS}), p99 ${p99.toFixed(1)} ms (wanted ≤ ${MAX_P99_MS}), most ${Math.max(...waits).toFixed(1)} ms`,
  );
  return middle <= MAX_MEDIAN_MS && p99 <= MAX_P99_MS;
}
