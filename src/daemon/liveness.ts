import type { Settings } from "../config/settings.ts";

/** How the daemon gets on. */
export interface PulseState {
  /** True while it waits for work. */
  readonly resting: boolean;
  /** When it last did something, ms since epoch; by the clock as it is set now. */
  readonly beatAt: number;
  /** The time since then by a clock that nobody sets, ms. */
  readonly stillMs: number;
}

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

/** A thread that does not end at `limits.seconds` is ended so much later (`jobs/pool`), ms. */
const ENDING_MS = 2000;
/** A file whose content asks for another name is worked on twice before its outcome is known. */
const TRIES = 2;

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

/** What one file may take, at the most, before its outcome is known, ms. */
export function longestJobMs({
  limits,
  overrides,
}: Pick<Settings, "limits" | "overrides">): number {
  const seconds = overrides.map((each) => (each.limits?.["seconds"] as number | undefined) ?? 0);
  return TRIES * (1000 * Math.max(limits.seconds, ...seconds) + ENDING_MS);
}
