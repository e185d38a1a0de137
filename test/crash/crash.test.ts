import { expect, test } from "vitest";
import { makeLake } from "./lake.ts";
import { killAt, type Point, pointsOf, whyNoStrace } from "./points.ts";

/** All points take about 25 minutes (`npm run crash-points`); each time a few are tried. */
const COUNT = Number(process.env["CRASH_POINTS"] ?? 4);

const reason = whyNoStrace();
if (reason !== undefined) process.stdout.write(`crash points are not tried: ${reason}\n`);

test.skipIf(reason !== undefined)(
  "killed at any write, rename, unlink or sync, the next pass leaves what an undisturbed one does",
  () => {
    const undisturbed = makeLake();
    const points = pointsOf(undisturbed);
    const expected = undisturbed.state();
    undisturbed.remove();
    const chosen = spread(points, COUNT);
    let killed = 0;
    for (const point of chosen) {
      const lake = makeLake();
      if (killAt(lake, point)) killed += 1;
      lake.run();
      expect(lake.state(), `killed at ${point.call} ${point.n}`).toEqual(expected);
      lake.remove();
    }
    process.stdout.write(`${chosen.length} of ${points.length} crash points, ${killed} reached\n`);
    expect(killed).toBeGreaterThan(0);
  },
  3_600_000,
);

function spread(points: readonly Point[], count: number): readonly Point[] {
  if (points.length <= count) return points;
  return Array.from(
    { length: count },
    (_, i) => points[Math.floor((i * points.length) / count)] as Point,
  );
}
