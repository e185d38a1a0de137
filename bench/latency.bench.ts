import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { appendEntry } from "../src/manifest/append.ts";
import { ground, median, print } from "./pairs.ts";

const FILES = 200;
const DATASET = "acme/orders/v1";
const MAX_MEDIAN_MS = 100;
const MAX_P99_MS = 1000;

/** From the append to the published sample, with the daemon watching; one file after the other. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const directory = join(place.path, DATASET);
  for (const folder of ["bronze", "manifests", "samples"])
    mkdirSync(join(directory, folder), { recursive: true });
  const main = join(import.meta.dirname, "../dist/main.js");
  const args = ["--max-semi-space-size=2", main, "run", "--prefix", place.path];
  const daemon = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: daemon.stdout }))
    if (line.includes('"msg":"pass"')) break;

  const waits: number[] = [];
  const published = new Map<string, () => void>();
  const watcher = watch(join(directory, "samples"), (_event, name) =>
    published.get(name ?? "")?.(),
  );
  for (let i = 0; i < FILES; i += 1) {
    const bronze = `bronze/f${i}.csv`;
    writeFileSync(join(directory, bronze), `id,name\n${i},some name\n`);
    const done = new Promise<void>((resolve) => published.set(`f${i}_sample.csv`, resolve));
    const started = performance.now();
    await appendEntry({
      prefix: place.path,
      dataset: DATASET,
      raw: `raw/f${i}.csv`,
      bronze,
      mtime: i,
    });
    await done;
    waits.push(performance.now() - started);
  }
  watcher.close();
  daemon.kill("SIGTERM");
  await once(daemon, "exit");

  const middle = median(waits);
  const p99 = waits.toSorted((a, b) => a - b)[Math.floor(FILES * 0.99)] as number;
  print(
    `append to sample, ${FILES} files: median ${middle.toFixed(1)} ms (wanted ≤ ${MAX_MEDIAN_MS}), p99 ${p99.toFixed(1)} ms (wanted ≤ ${MAX_P99_MS})`,
  );
  return middle <= MAX_MEDIAN_MS && p99 <= MAX_P99_MS;
}
