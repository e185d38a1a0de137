import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { packers } from "../../fixtures/compressors.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createCollector } from "../../src/workers/collect-garbage.ts";
import { createRunJob } from "../../src/sampling/job/run-job.ts";

const DATASET = "acme/orders/v1";
const SAMPLES = 200;
const FIRST_SAMPLES = 20;
/** Some buffers grow old by chance, however many samples there are: among as many they are few. */
const MANY_SAMPLES = 400;
/** Bytes outside the heap that a sample may leave for the next full collection. */
const MOST_BYTES = 4096;
/** Bytes that a sample may leave for ever: fewer than the smallest part of it. */
const KEPT_BYTES = 200;

const prefix = mkdtempSync(join(tmpdir(), "staging-sampler-kept-"));
const bronze = join(prefix, DATASET, "bronze");
afterAll(() => rmSync(prefix, { recursive: true }));

const csv = `id,name\n${"1,a row of some length\n".repeat(700)}`;
const members = ["a.csv", "b.csv"].map((name) => ({ name, data: csv, method: 8 }));
const files = { "a.csv": csv, "a.csv.gz": gzipSync(csv), "a.zip": zipOf(members) };

mkdirSync(bronze, { recursive: true });
for (const [name, content] of Object.entries(files)) writeFileSync(join(bronze, name), content);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;

/** Gives the young generation's memory back; what has grown old stays. */
async function collectYoung(): Promise<void> {
  for (let i = 0; i < 5; i += 1) {
    collect({ type: "minor" });
    await setImmediate();
  }
}

test("300 files of bzip2 take no more memory than one", async () => {
  const run = createRunJob(loadConfig({ prefix, env: {} }));
  const stop = new AbortController().signal;
  const collectJobs = createCollector(collect);
  writeFileSync(join(bronze, "b.csv.bz2"), packers.bz2(csv));
  const job = { dataset: DATASET, raw: "b.csv.bz2", bronze: "bronze/b.csv.bz2", mtime: 0, seq: 1 };
  const sample = () => run({ ...job, name: "s-b.csv.bz2", extension: null }, stop);
  expect(await sample()).toMatchObject({ outcome: "sampled", format: "csv.bz2" });
  const before = process.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 300; i += 1) {
    await sample();
    collectJobs();
    most = Math.max(most, process.memoryUsage().external - before);
  }
  expect(most).toBeLessThan(32 * 1024 * 1024);
});

test.each(Object.keys(files))(
  "%s leaves no memory that only a full collection frees",
  async (name) => {
    const run = createRunJob(loadConfig({ prefix, env: {} }));
    const stop = new AbortController().signal;
    const job = { dataset: DATASET, raw: name, bronze: `bronze/${name}`, mtime: 0, seq: 1 };
    const sample = () => run({ ...job, name: `s-${name}`, extension: null }, stop);
    const outcome = await sample();
    expect(outcome).toMatchObject({ outcome: "sampled" });
    collect();
    await setImmediate();
    collect();
    const before = process.memoryUsage().external;
    for (let i = 0; i < MANY_SAMPLES; i += 1) {
      await sample();
      // Not at each one: what is in work then would be taken for old.
      if (i % 20 === 0) await collectYoung();
    }
    await collectYoung();
    expect((process.memoryUsage().external - before) / MANY_SAMPLES).toBeLessThan(MOST_BYTES);
  },
);

test.each(Object.keys(packers) as (keyof typeof packers)[])(
  "%s keeps nothing of a file once it is sampled",
  async (compression) => {
    const run = createRunJob(loadConfig({ prefix, env: {} }));
    const stop = new AbortController().signal;
    const name = `kept.csv.${compression}`;
    writeFileSync(join(bronze, name), packers[compression](csv));
    const job = { dataset: DATASET, raw: name, bronze: `bronze/${name}`, mtime: 0, seq: 1 };
    const sample = () => run({ ...job, name: `s-${name}`, extension: null }, stop);
    expect(await sample()).toMatchObject({ outcome: "sampled" });
    // What a thread keeps to use again is there then.
    for (let i = 0; i < FIRST_SAMPLES; i += 1) await sample();
    const before = await settledBytes();
    for (let i = 0; i < SAMPLES; i += 1) await sample();
    expect(((await settledBytes()) - before) / SAMPLES).toBeLessThan(KEPT_BYTES);
  },
);

/** Bytes of buffers once all garbage is collected and what has finalizers, or was in a thread, is freed. */
async function settledBytes(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 10; i += 1) {
    collect();
    await sleep(5);
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}
