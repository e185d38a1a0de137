const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** A source that asks for a longer wait is taken for one that does not want to answer, ms. */
export const LONGEST_ASKED_MS = 15 * 60_000;

/**
 * How long to wait before the next try, ms: doubled with each failure in a row, from 1 on, and spread
 * by `random`, 0 to 1, so that many who failed together do not come back together. What the source
 * asks for counts, where that is longer.
 */
export function backOffMs(failures: number, askedMs: number | undefined, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.max(askedMs ?? 0, longest * (0.5 + random / 2));
}
