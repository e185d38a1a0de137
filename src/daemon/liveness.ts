import type { Liveness } from "../http/state.ts";

/**
 * Tracks whether the daemon makes progress. Only the line of work that passes go along is watched: what runs
 * beside it, as syncing does, would hide that it hangs.
 */
export interface LivenessTracker {
  /** Something was done: lines taken in, outcomes settled, a dataset looked at, a sample removed. */
  progressed(): void;
  /** Nothing is to be done until there is a reason to. */
  idle(): void;
  state(): Liveness;
}

/** The wall clock was set if it and the steady clock differ by more than this, ms. */
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
