import { Cron } from "croner";

/**
 * Returns the next time of an expression after `after`; both ms since epoch, Infinity: never again.
 */
export type NextTime = (after: number) => number;

/**
 * Reads a cron expression of five fields, or of six with seconds first, in local time. Where a
 * clock repeats an hour, times that come several times a day come in both hours, and a single time
 * comes once.
 * @throws an error that says what is wrong with it
 */
export function nextTimeOf(expression: string): NextTime {
  const cron = new Cron(expression, { mode: "5-or-6-parts" });
  if (cron.getPattern() === undefined) throw new Error("a date is none");
  const nextTime = (after: number) => cron.nextRun(new Date(after))?.getTime() ?? Infinity;
  if (nextTime(0) === Infinity) throw new Error("there is no such day");
  return nextTime;
}
