import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drain, type DrainOptions } from "../../src/sampling/drain/drain.ts";
import { effectsHere } from "../helpers/effects.ts";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { createBudget } from "../../src/load/budget.ts";
import { thisKernel } from "../../src/load/cgroup.ts";
import { createIoThrottle, type IoThrottle } from "../../src/load/io-throttle.ts";
import { createKernel, type Told } from "../helpers/kernel.ts";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";

/** Time that the daemon lets a drain have before it makes way for new lines, ms. */
const SLICE_MS = 200;
const calm = { "proc/pressure/io": "some avg10=0.00 total=0\n" };

/** Every look finds that others have waited for a disk since the one before, until that is ended. */
function othersWait({ proc }: Told): () => void {
  const write = () =>
    writeFileSync(
      join(proc, "pressure/io"),
      `some avg10=99.00 total=${Math.round(performance.now() * 1000)}\n`,
    );
  write();
  const timer = setInterval(write, 1);
  return () => clearInterval(timer);
}

/** Makes a file due. */
async function due(world: World, name: string): Promise<void> {
  await world.put(name, rows(3));
  const { settings } = world;
  const ingest = createIngest({
    store: world.store().ingest,
    settings: settings(),
    onRejected: async () => {},
  });
  await ingest(DATASET, Date.now());
}

function drainOf(
  world: World,
  options: Pick<DrainOptions, "isOver"> & { readonly ioThrottle?: IoThrottle },
) {
  const settings = world.settings();
  return drain({
    store: world.store(),
    settings,
    ...effectsHere(settings),
    budget: createBudget(undefined, Date.now),
    ioThrottle: createIoThrottle({}, thisKernel),
    clock: Date.now,
    mayBeSampled: () => true,
    abort: new AbortController().signal,
    onSettled: () => undefined,
    onFound: () => undefined,
    onPaused: async () => undefined,
    onLeft: () => undefined,
    ...options,
  });
}

test("who gives way to others for longer than a slice gets something done in each slice all the same", async () => {
  await using world = await createWorld();
  await using kernel = await createKernel(calm);
  const ioThrottle = createIoThrottle({ maxIo: 5 }, kernel);
  const end = othersWait(kernel);
  const isOver = (drainedMs: number) => drainedMs > SLICE_MS;
  try {
    // From the second pause on it rests for longer than a slice.
    for (const name of ["a.csv", "b.csv", "c.csv", "d.csv"]) {
      await due(world, name);
      await drainOf(world, { ioThrottle, isOver });
      expect(world.row(`raw/${name}`)?.outcome).toBe("sampled");
    }
  } finally {
    end();
  }
});

test("a drain that was over once is not gone on with, and says that something was left", async () => {
  await using world = await createWorld({ drain: { concurrency: 2 } });
  for (const name of ["a.csv", "b.csv", "c.csv"]) await due(world, name);
  // The host was busy for a moment.
  let asked = 0;
  const isOver = () => (asked += 1) === 2;
  expect(await drainOf(world, { isOver })).toBe(false);
  expect(world.rows().filter(({ waiting }) => waiting)).toHaveLength(2);
  expect(await drainOf(world, { isOver: () => false })).toBe(true);
  expect(world.rows().filter(({ waiting }) => waiting)).toHaveLength(0);
});
