import type { Footprint } from "./daemon.ts";

/** The course of memory and descriptors of one process, by linear regression. */
export interface Slopes {
  readonly samples: number;
  readonly minutes: number;
  readonly rssKbPerMinute: number;
  readonly descriptorsPerMinute: number;
  /** Largest. */
  readonly rssKb: number;
  readonly descriptors: number;
  /** Largest in each minute, from the first one on. */
  readonly rssKbByMinute: readonly number[];
}

const MINUTE_MS = 60_000;

/** Slopes over the last two thirds: before that a process warms up. */
export function slopesOf(footprints: readonly Footprint[]): Slopes {
  const warm = footprints.slice(Math.floor(footprints.length / 3));
  const minutes = warm.map(({ at }) => at / MINUTE_MS);
  return {
    samples: warm.length,
    minutes: Math.max(0, (minutes.at(-1) ?? 0) - (minutes[0] ?? 0)),
    rssKbPerMinute: slope(
      minutes,
      warm.map(({ rssKb }) => rssKb),
    ),
    descriptorsPerMinute: slope(
      minutes,
      warm.map(({ descriptors }) => descriptors),
    ),
    rssKb: Math.max(0, ...footprints.map(({ rssKb }) => rssKb)),
    descriptors: Math.max(0, ...footprints.map(({ descriptors }) => descriptors)),
    rssKbByMinute: byMinute(footprints),
  };
}

function byMinute(footprints: readonly Footprint[]): readonly number[] {
  const begin = footprints[0]?.at ?? 0;
  const minutes = Map.groupBy(footprints, ({ at }) => Math.floor((at - begin) / MINUTE_MS));
  return [...minutes.values()].map((all) => Math.max(...all.map(({ rssKb }) => rssKb)));
}

/** Least squares; 0 where there are not two points. */
function slope(xs: readonly number[], ys: readonly number[]): number {
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, x, i) => sum + (x - meanX) * ((ys[i] as number) - meanY), 0);
  const below = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
