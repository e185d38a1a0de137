import type { Liveness } from "../http/state.ts";

/**
 * Tracks whether the daemon makes progress. Only the sequence of passes is watched: work beside it,
 * such as syncing, would hide that it hangs.
 */
export interface LivenessTracker {
  /** Notes progress: lines taken in, outcomes settled, a dataset looked at, a sample removed. */
  progressed(): void;
  /** Notes that nothing is to be done until there is a reason to. */
  idle(): void;
  state(): Liveness;
}

/**
 * Difference between the wall clock and the steady clock above which the wall clock was set, ms.
 */
const SET_MS = 1000;

/** Creates a tracker; its creation counts as progress. */
export function createLiveness(): LivenessTracker {
  let isIdle = false;
  let progressAt = Date.now();
  let movedAt = performance.now();
  return {
    progressed() {
      isIdle = false;
      progressAt = Date.now();
      movedAt = performance.now();
    },
    idle() {
      isIdle = true;
    },
    state() {
      const stalledMs = performance.now() - movedAt;
      const at = Math.round(Date.now() - stalledMs);
      if (Math.abs(at - progressAt) > SET_MS) progressAt = at;
      return { isIdle, progressAt, stalledMs };
    },
  };
}
