import type { PulseState } from "../http/state.ts";

/**
 * Whether the daemon gets on. Only the line of work that passes go along is watched: what runs
 * beside it, as syncing does, would hide that it hangs.
 */
export interface Pulse {
  /** Something was done: lines taken in, outcomes settled, a dataset looked at, a sample removed. */
  beat(): void;
  /** Nothing is to be done until there is a reason to. */
  rest(): void;
  state(): PulseState;
}

/** Where the two clocks are apart by more than this, somebody has set the one, ms. */
const SET_MS = 1000;

/** Makes one; it begins with a beat. */
export function createPulse(): Pulse {
  let resting = false;
  let beatAt = Date.now();
  let movedAt = performance.now();
  return {
    beat() {
      resting = false;
      beatAt = Date.now();
      movedAt = performance.now();
    },
    rest() {
      resting = true;
    },
    state() {
      const stillMs = performance.now() - movedAt;
      const at = Math.round(Date.now() - stillMs);
      if (Math.abs(at - beatAt) > SET_MS) beatAt = at;
      return { resting, beatAt, stillMs };
    },
  };
}
