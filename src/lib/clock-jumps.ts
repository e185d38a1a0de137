/** Difference between the two clocks above which somebody has set one of them, ms. */
const SET_MS = 1000;

/** True when the wall clock may have been set since the last call. */
export type WasClockSet = () => boolean;

/**
 * Creates the function; its first call returns true, since nothing is known before. `wall` and
 * `steady` are clocks, ms.
 */
export function watchClock(
  wall: () => number = Date.now,
  steady: () => number = () => performance.now(),
): WasClockSet {
  let apart = Infinity;
  return () => {
    const before = apart;
    apart = wall() - steady();
    return Math.abs(apart - before) > SET_MS;
  };
}
