import { type NextTime, nextTimeOf } from "../lib/cron.ts";

/** The result of a look at the clock. */
export interface ClockCheck {
  readonly isDue: boolean;
  /** Time until the next look, ms. */
  readonly waitMs: number;
}

/** The default schedule. It needs no clock that somebody can set. */
const EACH_MINUTE = "* * * * *";
const MINUTE_MS = 60_000;
/**
 * Longest sleep, ms: the clock may be set meanwhile, and an expression is late by no more than
 * this.
 */
const LONGEST_SLEEP_MS = 30_000;

/** Calls `onDue` by a cron expression until the function that it returns is called. */
export function beginSchedule(expression: string, onDue: () => void): () => void {
  if (expression.trim() === EACH_MINUTE) {
    const timer = setInterval(onDue, MINUTE_MS);
    return () => clearInterval(timer);
  }
  const look = createLook(nextTimeOf(expression));
  let timer = setTimeout(wakeUp, look(Date.now()).waitMs);
  return () => clearTimeout(timer);

  function wakeUp(): void {
    const { isDue, waitMs } = look(Date.now());
    timer = setTimeout(wakeUp, waitMs);
    if (isDue) onDue();
  }
}

/**
 * Creates the function that looks at the clock, ms since epoch. The next time is computed again at
 * each look. A clock that is set forward causes one run for all the times it skips; one that is set
 * back makes nothing late.
 */
export function createLook(nextTime: NextTime): (now: number) => ClockCheck {
  let dueAt = Infinity;
  return (now) => {
    const isDue = now >= dueAt;
    dueAt = nextTime(now);
    return { isDue, waitMs: Math.min(dueAt - now, LONGEST_SLEEP_MS) };
  };
}
