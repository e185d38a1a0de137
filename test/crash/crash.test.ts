import { beforeAll, expect, test } from "vitest";
import { goOn, type Lake, makeLake } from "./lake.ts";
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
    const chosen = spread(points, COUNT);
    let killed = 0;
    for (const point of chosen) {
      const lake = template.copy();
      if (killAt(lake, point)) killed += 1;
      await expectRecovery(lake, expected, `killed at ${nameOf(point)}`);
    }
    process.stdout.write(
      `${chosen.length} of ${points.length} crash points, ${killed} reached; CRASH_SEED=${SEED}\n`,
    );
    expect(killed).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  "killed again while it recovers, the pass after that leaves what an undisturbed one does",
  async () => {
    let killed = 0;
    for (const { first, secondOf } of choosePairs(points, PAIRS, SEED)) {
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
    process.stdout.write(`${PAIRS} pairs of crash points, ${killed} reached; CRASH_SEED=${SEED}\n`);
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
    const chosen = spread(points, COUNT);
    let killed = 0;
    for (const point of chosen) {
      const lake = makeLake();
      if (killAt(lake, point)) killed += 1;
      goOn(lake);
      await expectRecovery(lake, atTheEnd, `killed at ${nameOf(point)}, with newer versions then`);
    }
    process.stdout.write(`${chosen.length} crash points with newer versions, ${killed} reached\n`);
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

/** So many of them, as far from each other as can be, others for another seed. */
function spread(points: readonly Point[], count: number): readonly Point[] {
  const { length } = points;
  if (length <= count) return points;
  return Array.from(
    { length: count },
    (_, i) => points[(SEED + Math.floor((i * length) / count)) % length] as Point,
  );
}
