import { beforeAll, expect, test } from "vitest";
import { goOn, type Lake, makeLake, makeRawLake } from "./lake.ts";
import { choosePairs } from "./pairs.ts";
import { killAt, type Point, pointsOf, whyNoStrace } from "./points.ts";

/** All of them, and a hundred pairs: `npm run crash-points`. Each time a few are tried. */
const COUNT = Number(process.env["CRASH_POINTS"] ?? 2);
const PAIRS = Number(process.env["CRASH_PAIRS"] ?? 2);
const SEED = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);
const TIMEOUT_MS = 3_600_000;

const reason = whyNoStrace();
if (reason !== undefined) process.stdout.write(`crash points are not tried: ${reason}\n`);

let template: Lake;
let points: readonly Point[];
let expected: unknown;

beforeAll(async () => {
  if (reason !== undefined) return;
  template = makeLake();
  const undisturbed = template.copy();
  points = pointsOf(undisturbed);
  expected = await undisturbed.state();
  undisturbed.remove();
  return () => template.remove();
}, TIMEOUT_MS);

test.skipIf(reason !== undefined)(
  "killed at any write, rename, unlink or sync, the next pass leaves what an undisturbed one does",
  async () => {
    let tried = 0;
    let killed = 0;
    for (const point of spread(points, COUNT)) {
      if (killed === COUNT) break;
      const lake = template.copy();
      tried += 1;
      if (killAt(lake, point)) killed += 1;
      await expectRecovery(lake, expected, `killed at ${nameOf(point)}`);
    }
    process.stdout.write(
      `${tried} of ${points.length} crash points, ${killed} reached; CRASH_SEED=${SEED}\n`,
    );
    expect(killed).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  "killed again while it recovers, the pass after that leaves what an undisturbed one does",
  async () => {
    let tried = 0;
    let killed = 0;
    // More than are wanted, since not every pair is reached.
    for (const { first, secondOf } of choosePairs(points, PAIRS * 5, SEED)) {
      if (killed === PAIRS) break;
      tried += 1;
      const lake = template.copy();
      const isFirstReached = killAt(lake, first);
      const traced = lake.copy();
      const second = secondOf(pointsOf(traced));
      traced.remove();
      const isSecondReached = killAt(lake, second);
      if (isFirstReached && isSecondReached) killed += 1;
      const after = `killed at ${nameOf(first)}, then at ${nameOf(second)}`;
      await expectRecovery(lake, expected, after);
    }
    process.stdout.write(`${tried} pairs of crash points, ${killed} reached; CRASH_SEED=${SEED}\n`);
    expect(killed).toBeGreaterThan(PAIRS === 0 ? -1 : 0);
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  "killed anywhere, and newer versions come, the next pass leaves what two undisturbed ones do",
  async () => {
    const undisturbed = makeLake();
    undisturbed.run();
    // It is no copy, as the others are.
    expect(await undisturbed.state()).toEqual(expected);
    goOn(undisturbed);
    undisturbed.run();
    const atTheEnd = await undisturbed.state();
    undisturbed.remove();
    let tried = 0;
    let killed = 0;
    for (const point of spread(points, COUNT)) {
      if (killed === COUNT) break;
      const lake = makeLake();
      tried += 1;
      if (killAt(lake, point)) killed += 1;
      goOn(lake);
      await expectRecovery(lake, atTheEnd, `killed at ${nameOf(point)}, with newer versions then`);
    }
    process.stdout.write(`${tried} crash points with newer versions, ${killed} reached\n`);
    expect(killed).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  "killed while raw files are looked at, sampled and confirmed: the next pass leaves the same",
  async () => {
    const raw = makeRawLake();
    const undisturbed = raw.copy();
    const rawPoints = pointsOf(undisturbed);
    const atTheEnd = await undisturbed.state();
    undisturbed.remove();
    let tried = 0;
    let killed = 0;
    for (const point of spread(rawPoints, COUNT)) {
      if (killed === COUNT) break;
      const lake = raw.copy();
      tried += 1;
      if (killAt(lake, point)) killed += 1;
      await expectRecovery(lake, atTheEnd, `raw: killed at ${nameOf(point)}`);
    }
    raw.remove();
    process.stdout.write(
      `${tried} of ${rawPoints.length} crash points with raw files, ${killed} reached\n`,
    );
    expect(killed).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

/** A pass that is left alone; the lake stays to be looked at where it differs then. */
async function expectRecovery(lake: Lake, undisturbed: unknown, after: string): Promise<void> {
  lake.run();
  expect(await lake.state(), `${after}: ${lake.directory}`).toEqual(undisturbed);
  lake.remove();
}

function nameOf({ call, n }: Point): string {
  return `${call} ${n}`;
}

/**
 * All points in the order they are tried: the first `count` as far from each other as can be, then
 * their neighbours, other ones for another seed. A pass never has exactly the calls of the pass
 * before, so a point may not be reached, and the next one is tried then.
 */
function spread(points: readonly Point[], count: number): readonly Point[] {
  const { length } = points;
  const step = Math.max(1, Math.floor(length / Math.max(1, count)));
  const order = Array.from({ length: step }, (_, offset) => offset).flatMap((offset) =>
    points.filter((_, i) => i % step === offset),
  );
  return order.map((point) => points[(points.indexOf(point) + SEED) % length] as Point);
}
