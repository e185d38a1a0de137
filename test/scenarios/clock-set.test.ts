import { join } from "node:path";
import { expect, test } from "vitest";
import { bringForward } from "../../src/store/sqlite/due.ts";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { backOff } from "../../src/sampling/drain/retry.ts";
import { createWorld, DATASET, MTIME, rows } from "../helpers/world.ts";

const HOUR_MS = 3_600_000;

test("what has to be seen twice is settled in time, also where the clock was set back in between", async () => {
  await using world = await createWorld();
  await world.manifest("no entry\n");
  const settings = world.settings();
  const ingest = createIngest({
    store: world.store().ingest,
    settings,
    onRejected: async () => undefined,
  });
  const { settleMs } = settings.manifest;
  const first = Date.now();
  expect(await ingest(DATASET, first)).toMatchObject({ rejected: 0 });
  const setBack = first - HOUR_MS;
  expect(await ingest(DATASET, setBack)).toMatchObject({ rejected: 0 });
  expect(await ingest(DATASET, setBack + settleMs)).toMatchObject({ rejected: 1 });
});

test("half a line is not rejected by a clock that was set forward: it is seen twice by the new one", async () => {
  await using world = await createWorld();
  await world.manifest("no entry\n");
  const settings = world.settings();
  const { settleMs } = settings.manifest;
  let isSet = false;
  const onRejected = async () => undefined;
  const wasClockSet = () => isSet;
  const ingest = createIngest({ store: world.store().ingest, settings, onRejected, wasClockSet });
  const first = Date.now();
  expect(await ingest(DATASET, first)).toMatchObject({ rejected: 0 });
  isSet = true;
  expect(await ingest(DATASET, first + HOUR_MS)).toMatchObject({ rejected: 0 });
  isSet = false;
  expect(await ingest(DATASET, first + HOUR_MS + settleMs)).toMatchObject({ rejected: 1 });
});

test("what is due by a clock that was set back since is sampled by the next start", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  const ahead = Date.now() + 365 * 24 * HOUR_MS;
  const settings = world.settings();
  await createIngest({ store: world.store().ingest, settings, onRejected: async () => undefined })(
    DATASET,
    ahead,
  );
  world.close();
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("a retry that backOff for its time goes on waiting, one that backOff for longer than any is due", async () => {
  await using world = await createWorld();
  await world.announce("a.csv");
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "FILE_MISSING" });
  const now = Date.now();
  expect(bringForward(world.db(), now, backOff)).toBe(0);
  const setBack = now - 60_000;
  expect(bringForward(world.db(), setBack, backOff)).toBe(1);
  expect(world.row("raw/a.csv")).toMatchObject({
    attempts: 1,
    nextAt: new Date(setBack).toISOString(),
  });
});

test.each([
  ["the default schedule", {}],
  ["a schedule by the clock", { schedule: "* * * * * *", watch: false }],
])(
  "%s: a daemon goes on while the clock is set back, forward by a year, and back",
  async (_what, config) => {
    await using world = await createWorld(config);
    const preload = join(import.meta.dirname, "../helpers/set-clock.ts");
    const daemon = await world.daemon({
      NODE_OPTIONS: `--import=${preload}`,
      CLOCK_STEPS: [-2 * HOUR_MS, 365 * 24 * HOUR_MS, -400 * 24 * HOUR_MS].join(","),
    });
    for (let step = 0; step < 3; step += 1) {
      daemon.kill("SIGUSR2");
      await world.put(`${step}.csv`, rows(3), { mtime: MTIME + step });
      await daemon.logged("sampled", { raw: `raw/${step}.csv` });
    }
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
    expect(daemon.lines.length).toBeLessThan(100);
  },
);
