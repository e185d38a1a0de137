import type { SampleRequest, SampleStream } from "../types.ts";
import type { Draws } from "./draws.ts";
import { sampleOfParts } from "./parts-sample.ts";
import { placesIn } from "./places.ts";
import { firstPart, lastPart, partAt, type TextWindows } from "./text-parts.ts";

/** A spread over a text whose borders can be found from its middle. */
export interface WindowSpread extends Omit<TextWindows, "read" | "warn"> {
  /** Number of parts: two at least, with room for their windows. */
  readonly count: number;
  readonly draws: Draws;
}

/**
 * Begins a sample of the first records, the last ones, and some from one place in each stretch
 * between: of each the first records after a border that is certain. Where none is, the place moves
 * on by a window, twice, and is then left out. Returns the reason where only the start is left.
 */
export async function spreadWindows(
  { draws, ...spread }: WindowSpread,
  { source, limits }: SampleRequest,
): Promise<SampleStream | string> {
  const { text, count, size, window } = spread;
  const read = source.slice;
  if (read === undefined) return source.whyNoSlice ?? "it cannot be read from the middle";

  const warnings = [...text.warnings];
  const windows = { ...spread, read, warn: (warning: string) => void warnings.push(warning) };
  const places = [0, ...placesIn(size, count, window, draws), size - window];
  source.willSlice?.(places.slice(1).map((start) => ({ start, end: start + window })));
  const head = await source.head();
  const plan = { format: text.format, warnings, count, limits, largest: window };
  return sampleOfParts(plan, (wanted) => {
    if (wanted.part === 0) return firstPart(windows, head, wanted);
    if (wanted.part === count - 1) return lastPart(windows, wanted);
    return partAt(windows, places[wanted.part] as number, wanted);
  });
}
