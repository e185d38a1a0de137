import { type FailureCode, retryOf } from "./errors.ts";

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 3_600_000;
const GIVE_UP_MS = 24 * 3_600_000;
const FEW = 3;

/** A job's failures so far, this one included. */
export interface Failures {
  readonly code: FailureCode;
  readonly attempts: number;
  /** Of the first of these failures, ms since epoch. */
  readonly failedAt: number;
}

/**
 * When a failed job is tried again, in ms since epoch, or null for a dead letter. Waits 5 s,
 * doubling to an hour, for a day.
 */
export function nextTry({ code, attempts, failedAt }: Failures, now: number): number | null {
  const retry = retryOf(code);
  const again = retry === "later" ? now - failedAt < GIVE_UP_MS : retry === "few" && attempts < FEW;
  if (!again) return null;
  return now + Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), LONGEST_DELAY_MS);
}
