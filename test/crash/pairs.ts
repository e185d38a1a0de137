import fc from "fast-check";
import type { Point } from "./points.ts";

/** Two crashes in a row. */
export interface Pair {
  readonly first: Point;
  /** Chooses the second one of the points that the pass after the first one has. */
  readonly secondOf: (points: readonly Point[]) => Point;
}

/** A place in a list, from 0 to below 1. */
const part = fc.noBias(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

/**
 * Chooses pairs, the same for the same seed. The kind of call is chosen first, since most of the
 * points are writes.
 */
export function choosePairs(
  points: readonly Point[],
  count: number,
  seed: number,
): readonly Pair[] {
  const chances = fc.sample(fc.tuple(part, part, part, part), { numRuns: count, seed });
  return chances.map(([kind, n, secondKind, secondN]) => ({
    first: choose(points, kind, n),
    secondOf: (after) => choose(after, secondKind, secondN),
  }));
}

function choose(points: readonly Point[], kind: number, n: number): Point {
  const kinds = [...Map.groupBy(points, ({ call }) => call).values()];
  return at(at(kinds, kind), n);
}

function at<T>(list: readonly T[], part: number): T {
  return list[Math.floor(part * list.length)] as T;
}
