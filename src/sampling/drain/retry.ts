import { type FailureCode, retryOf } from "../../errors.ts";

/** Waits between two tries: the first one doubles with each failure, up to the longest one. */
export const backOff = { firstMs: 5_000, longestMs: 3_600_000 } as const;
const GIVE_UP_MS = 24 * 3_600_000;
/** Tries before anything is given up, at least: a clock set forward makes a day of a moment. */
const LEAST_TRIES = 12;
const FEW = 3;

/** A job's failures so far, this one included. */
export interface Failures {
  readonly code: FailureCode;
  readonly attempts: number;
  /** Of the first of these failures, ms since epoch. */
  readonly failedAt: number;
}

/**
 * Returns the time of the next try of a failed job, ms since epoch, or null for a dead letter.
 * Waits 5 s, doubling to an hour, for a day and 12 tries at least.
 */
export function nextTry({ code, attempts, failedAt }: Failures, now: number): number | null {
  const retry = retryOf(code);
  const isYoung = attempts < LEAST_TRIES || now - failedAt < GIVE_UP_MS;
  const again = retry === "later" ? isYoung : retry === "few" && attempts < FEW;
  if (!again) return null;
  return now + Math.min(backOff.firstMs * 2 ** (attempts - 1), backOff.longestMs);
}
