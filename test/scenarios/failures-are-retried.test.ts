import { expect, test } from "vitest";
import { claimOf } from "../../src/store/sqlite/claim.ts";
import { retryAfterUpgrade } from "../../src/store/sqlite/retry-after-upgrade.ts";
import { drain, type DrainOptions } from "../../src/sampling/drain/drain.ts";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { createBudget } from "../../src/load/budget.ts";
import { thisKernel } from "../../src/load/cgroup.ts";
import { createIoThrottle } from "../../src/load/io-throttle.ts";
import { effectsHere } from "../helpers/effects.ts";
import { runnerOf } from "../helpers/runner.ts";
import { createWorld, DATASET, MTIME, type World } from "../helpers/world.ts";

const HOUR = 3_600_000;

/** Ingests and drains at a given time. */
async function passAt(world: World, now: number): Promise<void> {
  const settings = world.settings();
  const options: DrainOptions = {
    store: world.store(),
    settings,
    ...effectsHere(settings),
    budget: createBudget(undefined, () => now),
    ioThrottle: createIoThrottle({}, thisKernel),
    clock: () => now,
    mayBeSampled: () => true,
    isOver: () => false,
    abort: new AbortController().signal,
    onSettled: () => undefined,
    onFound: () => undefined,
    onPaused: async () => undefined,
    onLeft: () => undefined,
  };
  await createIngest({ store: world.store().ingest, settings, onRejected: async () => undefined })(
    DATASET,
    now,
  );
  await drain(options);
}

test("a missing file is tried again after 5 s, doubling to an hour, for a day; then it is a dead letter", async () => {
  await using world = await createWorld();
  await world.announce("a.csv");
  const waits: number[] = [];
  let now = 1_000_000;
  for (;;) {
    await passAt(world, now);
    const row = world.row("raw/a.csv");
    if (row?.waiting !== true) break;
    const next = Date.parse(row.nextAt as string);
    waits.push(next - now);
    await passAt(world, next - 1);
    expect(world.row("raw/a.csv")?.attempts).toBe(waits.length);
    now = next;
  }
  expect(waits.slice(0, 4)).toEqual([5000, 10_000, 20_000, 40_000]);
  expect(Math.max(...waits)).toBe(HOUR);
  expect(now - 1_000_000).toBeGreaterThanOrEqual(24 * HOUR);
  expect(now - 1_000_000).toBeLessThan(25 * HOUR);
  // The first failure has a receipt, and the last.
  expect(await world.receipts()).toHaveLength(2);
  expect(world.row("raw/a.csv")).toMatchObject({
    code: "FILE_MISSING",
    nextAt: null,
    attempts: waits.length + 1,
  });

  await passAt(world, now + 48 * HOUR);
  expect(world.row("raw/a.csv")?.attempts).toBe(waits.length + 1);
});

test("a file that appears in time is sampled by the next try", async () => {
  await using world = await createWorld();
  await world.announce("a.csv");
  await passAt(world, 1_000_000);
  await world.write("bronze/a.csv", "v\n1\n");
  await passAt(world, 1_004_999);
  expect(await world.samples()).toEqual([]);
  await passAt(world, 1_005_000);
  expect(await world.samples()).toEqual(["a_sample.csv"]);
  expect(world.row("raw/a.csv")).toMatchObject({
    outcome: "sampled",
    code: null,
    attempts: 0,
    waiting: false,
  });
});

test("any new line makes a failed file due at once, with fresh attempts", async () => {
  await using world = await createWorld();
  await world.announce("a.csv");
  await passAt(world, 1_000_000);
  await world.announce("a.csv", { mtime: MTIME + 1 });
  await passAt(world, 1_000_001);
  expect(world.row("raw/a.csv")).toMatchObject({ attempts: 1, mtime: MTIME + 1 });
});

test("a new version of the program tries again what is broken, and leaves the rest", async () => {
  await using world = await createWorld();
  await world.put("a.zip", "no zip");
  await world.announce("b.csv", { bronze: "/etc/passwd" });
  await world.pass();
  const due = () =>
    claimOf(world.db())({
      limit: 10,
      order: "oldest",
      now: Date.now(),
      isFirst: true,
      skips: () => false,
      isBusy: () => false,
      busyCount: () => 0,
    }).map(({ job }) => job.raw);
  const retry = (version: string, ...formats: string[]) =>
    retryAfterUpgrade(world.db(), { version, formats }, Date.now());
  retry("1.0.0", "csv", "zip");
  expect(due()).toEqual([]);
  expect(retry("1.0.1", "csv", "zip")).toBe(1);
  expect(due()).toEqual(["raw/a.zip"]);
  expect(retry("1.0.1", "csv", "zip")).toBe(0);
});

test("a version with more formats tries again what was only described", async () => {
  await using world = await createWorld();
  await world.put("a.bin", Buffer.from("00ff01", "hex"));
  await world.put("b.csv", "v\n1\n");
  await world.pass();
  const retry = (...formats: string[]) =>
    retryAfterUpgrade(world.db(), { version: "1.0.0", formats }, Date.now());
  expect(world.row("raw/a.bin")).toMatchObject({ outcome: "sampled", described: true });
  expect(retry("csv")).toBe(0);
  expect(retry("csv")).toBe(0);
  expect(retry("csv", "bin")).toBe(1);
  await world.write("bronze/a.bin", "id,v\n1,2\n3,4\n5,6\n7,8\n9,10\n");
  await world.pass();
  expect(world.row("raw/a.bin")).toMatchObject({ sample: "samples/a_sample.bin", format: "csv" });
  expect(await world.samples()).toEqual(["a_sample.bin", "b_sample.csv"]);
});

test("work that takes too long is stopped, and tried three times", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  let now = 1_000_000;
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const settings = world.settings();
    await createIngest({
      store: world.store().ingest,
      settings,
      onRejected: async () => undefined,
    })(DATASET, now);
    await drain({
      store: world.store(),
      settings,
      samples: effectsHere(settings).samples,
      runner: runnerOf({
        outcome: "failed",
        code: "TIMEOUT",
        message: "too late",
        readBytes: 0,
        ms: 1,
      }),
      budget: createBudget(undefined, () => now),
      ioThrottle: createIoThrottle({}, thisKernel),
      clock: () => now,
      mayBeSampled: () => true,
      isOver: () => false,
      abort: new AbortController().signal,
      onSettled: () => undefined,
      onFound: () => undefined,
      onPaused: async () => undefined,
      onLeft: () => undefined,
    });
    expect(world.row("raw/a.csv")).toMatchObject({
      code: "TIMEOUT",
      attempts: attempt,
      waiting: attempt < 3,
    });
    now += HOUR;
  }
  expect(await world.receipts()).toHaveLength(2);
});
