import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { createRunJob } from "../../src/sampling/job/run-job.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Failed, Job, Outcome } from "../../src/job.ts";
import { type CrashMarks, openCrashMarks } from "../../src/workers/crash-marks.ts";
import { createWorkerPool, type WorkerPool } from "../../src/workers/pool.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const never = new AbortController().signal;
let prefix: string;
let dataset: string;
let settings: Settings;
let pool: WorkerPool;
let inWork: CrashMarks;

beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), "staging-sampler-pool-"));
  dataset = join(prefix, "acme/orders/v1");
  for (const folder of ["bronze", "samples"]) mkdirSync(join(dataset, folder), { recursive: true });
  writeFileSync(join(prefix, "config.yaml"), "limits: { seconds: 300 }\n");
  settings = loadConfig({ prefix, config: join(prefix, "config.yaml"), env: {} });
  inWork = openCrashMarks(prefix, 2);
  pool = createWorkerPool(settings, { crashMarks: inWork });
});

afterEach(async () => {
  await pool.close();
  inWork.close();
  rmSync(prefix, { recursive: true });
});

test("a job has the same outcome and sample in a thread as without one", async () => {
  const job = put("orders.csv", readFileSync(join(fixtures, "csv/rows-101.csv")));
  const apart = await pool.run(job, never);
  const sample = readFileSync(join(dataset, "samples", job.name));
  const here = await createRunJob(settings)(job, never);
  expect(withoutTime(apart)).toEqual(withoutTime(here));
  expect(readFileSync(join(dataset, "samples", job.name))).toEqual(sample);
});

test.each([
  ["does not come to an end", "hang.csv", "TIMEOUT"],
  ["takes all the memory it may have", "grow.csv", "LIMIT_EXCEEDED"],
  ["throws", "throw.csv", "UNEXPECTED"],
  ["ends by itself", "exit.csv", "UNEXPECTED"],
])("a thread that %s fails its own job, and costs no other", async (_, raw, code) => {
  const program = new URL("../helpers/faulty-worker.ts", import.meta.url);
  const seconds = raw === "hang.csv" ? 1 : 3600;
  writeFileSync(join(prefix, "config.yaml"), `limits: { seconds: ${seconds} }\n`);
  const chosen = loadConfig({ prefix, config: join(prefix, "config.yaml"), env: {} });
  const faulty = createWorkerPool(chosen, { crashMarks: inWork }, program);
  const outcomes = await Promise.all(
    ["a.csv", raw, "b.csv", "c.csv"].map((name) => faulty.run(jobFor(name, name), never)),
  );
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    "aborted",
    "failed",
    "aborted",
    "aborted",
  ]);
  expect(outcomes[1]).toMatchObject({ code, ms: expect.any(Number) });
  expect((outcomes[1] as Failed).ms).toBeGreaterThan(0);
  expect(faulty.wasClean()).toBe(false);
  const { dataset: at } = jobFor(raw, raw);
  expect([faulty.takeEnded(), faulty.takeEnded()]).toEqual([[at], []]);
  await faulty.close();
});

test("a thread that waits for another longer than a job may take is not ended", async () => {
  const program = new URL("../helpers/faulty-worker.ts", import.meta.url);
  writeFileSync(join(prefix, "config.yaml"), "limits: { seconds: 1 }\n");
  const chosen = loadConfig({ prefix, config: join(prefix, "config.yaml"), env: {} });
  const waiting = createWorkerPool(chosen, { crashMarks: inWork }, program);
  const outcome = await waiting.run(jobFor("wait.csv", "wait.csv"), never);
  expect(outcome).toEqual({ outcome: "aborted" });
  expect(waiting.replaced()).toBe(0);
  await waiting.close();
});

test("what is in flight is aborted when the signal says so, and nothing is left half-written", async () => {
  const job = put("orders.csv", readFileSync(join(fixtures, "csv/rows-101.csv")));
  const stop = new AbortController();
  const outcome = pool.run(job, stop.signal);
  stop.abort();
  expect(await outcome).toEqual({ outcome: "aborted" });
  expect(await pool.run(job, stop.signal)).toEqual({ outcome: "aborted" });
  await pool.close();
  expect(pool.wasClean()).toBe(pool.takeEnded().length === 0);
  inWork.close();
  expect(readdirSync(join(dataset, "samples")).filter((name) => name === job.name)).toEqual([]);
});

test("many jobs at once are all answered, each by its own outcome", async () => {
  copyFileSync(join(fixtures, "csv/rows-101.csv"), join(dataset, "bronze/a.csv"));
  const jobs = Array.from({ length: 200 }, (_, i) =>
    jobFor(`a${i}.csv`, i % 2 === 0 ? "a.csv" : "none.csv"),
  );
  const outcomes = await Promise.all(jobs.map((job) => pool.run(job, never)));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(
    jobs.map((_, i) => (i % 2 === 0 ? "sampled" : "failed")),
  );
});

function put(name: string, bytes: Uint8Array): Job {
  writeFileSync(join(dataset, "bronze", name), bytes);
  return jobFor(name, name);
}

function jobFor(raw: string, bronze: string): Job {
  const name = raw.replace(/(\.\w+)$/, "_sample$1");
  return {
    dataset: "acme/orders/v1",
    raw,
    bronze: `bronze/${bronze}`,
    mtime: 1,
    seq: 1,
    name,
    extension: null,
  };
}

function withoutTime(outcome: Outcome): object {
  return { ...outcome, ms: 0 };
}
