import { readdirSync, readlinkSync } from "node:fs";
import { copyFile, rename, rm, truncate } from "node:fs/promises";
import { expect, test } from "vitest";
import { checkpointsOf } from "../../src/store/sqlite/checkpoints.ts";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { entriesKnownOf } from "../../src/store/sqlite/queries/totals.ts";
import type { Db } from "../../src/store/sqlite/open.ts";
import { effectsHere } from "../helpers/effects.ts";
import { createIngest, type Ingest } from "../../src/sampling/ingest/ingest.ts";
import type { PassEvent } from "../../src/sampling/events.ts";
import { createPass, type PassResult } from "../../src/sampling/pass.ts";
import { SAMPLED } from "../helpers/sampled.ts";
import { runnerOf } from "../helpers/runner.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const LONG = "a/long/v1";
const SHORT = "z/short/v1";
const LINES = 12_000;
/** No multiple of it is one of `LINES`: times it, numbers come in no order. */
const APART = 7919;

/** Makes a line long, so that a batch has 1,500. */
const FOLDER = "x".repeat(100);

/** The raw whose line is in the middle. */
const MIDDLE = `raw/${FOLDER}/${LINES / 2}.csv`;

/** Lines of this many entries of one bronze file, in no order. */
function linesOf(count: number, mtime = MTIME): string {
  const line = (i: number) =>
    JSON.stringify({
      raw: `raw/${FOLDER}/${(i * APART) % count}.csv`,
      bronze: "bronze/a.csv",
      mtime,
    });
  return `${Array.from({ length: count }, (_, i) => line(i)).join("\n")}\n`;
}

/** A lake with a long manifest, of which nothing was read. */
async function withLong(): Promise<World> {
  const world = await createWorld({ manifest: { settleMs: 0 } });
  await world.write("bronze/a.csv", rows(3), LONG);
  await world.manifest(linesOf(LINES), LONG);
  return world;
}

/** Passes as the daemon runs them, in which taking in has one step at a time. */
async function stepwise(world: World): Promise<{
  readonly events: PassEvent[];
  pass(datasets?: readonly string[]): Promise<PassResult>;
}> {
  const events: PassEvent[] = [];
  const settings = world.settings();
  const pass = await createPass({
    store: world.store(),
    settings,
    slices: { ingestMs: 0, drainMs: Infinity },
    report: (event) => events.push(event),
    samples: effectsHere(settings).samples,
    runner: runnerOf(SAMPLED),
  });
  return {
    events,
    pass: (datasets) =>
      pass({
        ...(datasets === undefined ? {} : { datasets }),
        settles: false,
        isStopping: () => false,
        isOver: () => false,
        abort: new AbortController().signal,
      }),
  };
}

function known(db: Db, dataset: string): number {
  return entriesKnownOf(db)(datasetsOf(db).ensure(dataset));
}

/** Raws of a dataset that were settled, as often as they were. */
function settledOf(events: readonly PassEvent[], dataset: string): string[] {
  return events.flatMap((event) =>
    event.type === "settled" && event.settled.claim.job.dataset === dataset
      ? [event.settled.claim.job.raw]
      : [],
  );
}

test("a line of another dataset is settled before a long manifest is taken in, and all of that is", async () => {
  await using world = await withLong();
  const { events, pass } = await stepwise(world);
  expect(await pass()).toMatchObject({ isDrained: false });
  expect(known(world.db(), LONG)).toBeLessThan(LINES / 2);
  await world.announce("one.csv", { dataset: SHORT });
  await pass([SHORT]);
  expect(settledOf(events, SHORT)).toEqual(["raw/one.csv"]);
  expect(known(world.db(), LONG)).toBeLessThan(LINES / 2);

  let passes = 2;
  for (let isDrained = false; !isDrained; passes += 1) {
    await world.announce(`${passes}.csv`, { dataset: SHORT });
    ({ isDrained } = await pass([SHORT]));
    expect(settledOf(events, SHORT).at(-1)).toBe(`raw/${passes}.csv`);
  }
  expect(passes).toBeGreaterThan(5);
  expect(new Set(settledOf(events, LONG)).size).toBe(LINES);
  expect(settledOf(events, LONG)).toHaveLength(LINES);
});

test.each(["was truncated", "has its cache lost"])(
  "a long manifest that %s is read again while others are served, and nothing is sampled again",
  async (what) => {
    await using world = await withLong();
    const earlier = await stepwise(world);
    while (!(await earlier.pass()).isDrained);
    const file = world.path("manifests/processed.jsonl", LONG);
    if (what === "was truncated") {
      await truncate(file, 0);
      await world.manifest(linesOf(LINES).slice(0, -1), LONG);
      await world.manifest(" \n", LONG);
    } else {
      world.close();
      await rm(world.state, { recursive: true });
    }
    const { events, pass } = await stepwise(world);
    expect(await pass()).toMatchObject({ isDrained: false });
    await world.announce("one.csv", { dataset: SHORT });
    await pass([SHORT]);
    const reread = () =>
      events.some((event) => event.type === "ingested" && event.ingested.reread !== undefined);
    expect(settledOf(events, SHORT)).toEqual(["raw/one.csv"]);
    expect(reread()).toBe(false);
    for (let isDrained = false; !isDrained;) ({ isDrained } = await pass([]));
    expect(reread()).toBe(true);
    expect(settledOf(events, LONG)).toEqual([]);
    expect(known(world.db(), LONG)).toBe(LINES);
  },
  30_000,
);

test("what comes while a look is half done is seen when that is over, without another reason to look", async () => {
  await using world = await withLong();
  const { events, pass } = await stepwise(world);
  await pass();
  while (known(world.db(), LONG) === 0) await pass([]);
  await world.announce("late.csv", { dataset: LONG });
  for (let isDrained = false; !isDrained;) ({ isDrained } = await pass([]));
  expect(settledOf(events, LONG)).toContain("raw/late.csv");
});

test("looks that are half done are few, however many manifests are long, and all come to their end", async () => {
  await using world = await createWorld();
  const datasets = Array.from({ length: 9 }, (_, i) => `a/long-${i}/v1`);
  for (const dataset of datasets) await world.manifest(linesOf(5000), dataset);
  const ingest = ingestOf(world, true);
  const done = new Set<string>();
  let most = 0;
  while (done.size < datasets.length) {
    for (const dataset of datasets) {
      const { isLeft = false } = await ingest(dataset, 1000, { isOver: () => true });
      if (isLeft) done.delete(dataset);
      else done.add(dataset);
      most = Math.max(most, manifestsOpen(world));
    }
  }
  expect(most).toBe(4);
  expect(datasets.map((dataset) => known(world.db(), dataset))).toEqual(datasets.map(() => 5000));
});

/** With lines that are sorted first, from the second batch on, or none. */
function ingestOf(world: World, sorts: boolean): Ingest {
  return createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected: () => Promise.resolve(),
    isScattered: async (_look, _segment, { checkpoint, entries }) =>
      sorts && checkpoint.line > entries.length,
  });
}

function manifestsOpen({ prefix }: World): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link.startsWith(prefix) && /\.jsonl(\.\d+)?$/.test(link)).length;
}

test("a file that is copied and truncated while a look is half done is read in its copy", async () => {
  await using world = await createWorld();
  const path = (name: string) => world.path(`manifests/${name}`);
  await world.manifest(linesOf(LINES));
  await rename(path("processed.jsonl"), path("processed.jsonl.1"));
  await world.announce("copied.csv");
  const ingest = ingestOf(world, true);
  const step = () => ingest(DATASET, 1000, { isOver: () => true });
  while (manifestsOpen(world) === 0) await step();
  await rename(path("processed.jsonl.1"), path("processed.jsonl.2"));
  await copyFile(path("processed.jsonl"), path("processed.jsonl.1"));
  await truncate(path("processed.jsonl"));
  await world.announce("after.csv");
  while ((await step()).isLeft === true);
  expect(known(world.db(), DATASET)).toBe(LINES + 2);
  expect(world.row("raw/copied.csv")).toMatchObject({ waiting: true });
});

test("generations that were read before do not have a long look begin again", async () => {
  await using world = await createWorld();
  const path = (name: string) => world.path(`manifests/${name}`);
  await world.announce("old.csv");
  const ingest = ingestOf(world, true);
  const step = () => ingest(DATASET, 1000, { isOver: () => true });
  while ((await step()).isLeft === true);
  await rename(path("processed.jsonl"), path("processed.jsonl.1"));
  await world.manifest(linesOf(LINES));
  let steps = 0;
  while ((await step()).isLeft === true) expect((steps += 1)).toBeLessThan(LINES / 100);
  expect(known(world.db(), DATASET)).toBe(LINES + 1);
});

test("lines that are sorted first have rows before the checkpoint moves past them", async () => {
  await using world = await createWorld();
  await world.manifest(linesOf(LINES));
  const ingest = ingestOf(world, true);
  const id = datasetsOf(world.db()).ensure(DATASET);
  const seen = new Set<number>();
  for (let isLeft = true; isLeft;) {
    ({ isLeft = false } = await ingest(DATASET, 1000, { isOver: () => true }));
    const [checkpoint] = checkpointsOf(world.db()).of(id);
    const rows = known(world.db(), DATASET);
    expect(rows).toBeGreaterThanOrEqual(checkpoint?.line ?? 0);
    seen.add(rows);
  }
  expect(seen.size).toBeGreaterThan(5);
  expect(known(world.db(), DATASET)).toBe(LINES);
});

test("lines of which some were compared before a crash are compared together again: an old one undoes nothing", async () => {
  await using world = await createWorld();
  const mtimeOf = (raw: string) =>
    world.db().prepare("SELECT mtime FROM files WHERE raw = ?").pluck().get(raw);
  await world.manifest(linesOf(LINES));
  await world.manifest(linesOf(LINES, MTIME + 1));
  const first = ingestOf(world, true);
  while (mtimeOf(MIDDLE) !== MTIME + 1) await first(DATASET, 1000, { isOver: () => true });
  const id = datasetsOf(world.db()).ensure(DATASET);
  expect(checkpointsOf(world.db()).of(id)[0]?.line).toBeLessThan(LINES);
  await first.close();
  world.close();

  const second = ingestOf(world, false);
  const seen = new Set([mtimeOf(MIDDLE)]);
  for (let isLeft = true; isLeft;) {
    const ingested = await second(DATASET, 2000, { isOver: () => true });
    expect(ingested.reread).toBeUndefined();
    ({ isLeft = false } = ingested);
    seen.add(mtimeOf(MIDDLE));
  }
  expect([...seen]).toEqual([MTIME + 1]);
  expect(known(world.db(), DATASET)).toBe(LINES);
  expect(checkpointsOf(world.db()).togetherUpTo(id)).toBeUndefined();
});

test("where such lines are gone after a crash, all is read again", async () => {
  await using world = await createWorld({ manifest: { settleMs: 0 } });
  await world.manifest(linesOf(LINES));
  const whole = ingestOf(world, true);
  const id = datasetsOf(world.db()).ensure(DATASET);
  const { togetherUpTo } = checkpointsOf(world.db());
  while (togetherUpTo(id) === undefined) await whole(DATASET, 1000, { isOver: () => true });
  await whole.close();
  const [checkpoint] = checkpointsOf(world.db()).of(id);
  await truncate(world.path("manifests/processed.jsonl"), (checkpoint?.offset ?? 0) + 100);
  expect(await ingestOf(world, false)(DATASET, 2000)).toMatchObject({
    reread: "lines of which some were compared are gone",
  });
});
