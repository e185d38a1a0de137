/**
 * `node staging-once.js OPTIONS TARGET URL [URL …]`: downloads each to TARGET, or TARGET.N where there
 * are several, eight at once; prints how long that took and how much memory was resident at most.
 * Plain JavaScript and the built program: stripping types takes 20 MB of its own.
 */
import { readFileSync } from "node:fs";
import { createStorages } from "../dist/storage/index.js";
import { download } from "../dist/transfer/download.js";

const [options, target, ...urls] = process.argv.slice(2);
const started = performance.now();
const storages = createStorages();
const todo = urls.entries();

async function work() {
  for (const [i, url] of todo) {
    const path = urls.length === 1 ? target : `${target}.${i}`;
    await download(new URL(url), {
      storages,
      part: `${path}.part`,
      target: () => path,
      mode: 0o640,
      retries: 8,
      stallMs: 30_000,
      signal: new AbortController().signal,
      ...JSON.parse(options),
    });
  }
}

await Promise.all(Array.from({ length: 8 }, work));
const ms = performance.now() - started;
// Not `resourceUsage()`: what it says begins with the memory of the parent.
const status = readFileSync("/proc/self/status", "utf8");
const rss = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
process.stdout.write(JSON.stringify({ ms, rss }));
