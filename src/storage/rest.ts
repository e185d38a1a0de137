import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../errors.ts";
import { backOffMs, LONGEST_ASKED_MS } from "../lib/back-off.ts";
import { Unavailable } from "./types.ts";

/** The tries that something is worth. */
export interface Patience {
  /** Tries in a row that may fail, after the first one. */
  readonly retries: number;
  /** A source that asks for a longer rest is given up, ms; a quarter of an hour by default. */
  readonly longestMs?: number | undefined;
  readonly signal: AbortSignal;
  /** A random number, 0 to 1, that spreads the waits. */
  readonly random?: (() => number) | undefined;
}

/** Failures in a row after one more: a try that brought something begins the count again. */
export function failuresAfter(failures: number, error: unknown, bytes: number): number {
  const leastBytes = error instanceof Unavailable ? error.leastBytes : 1;
  return bytes >= leastBytes ? 1 : failures + 1;
}

/**
 * Waits after a try that failed, where another one is worth it; `failures` is how many in a row did.
 * @throws what failed, where it is not; Failure UNREACHABLE after too many; the signal's reason once it
 * is aborted
 */
export async function rest(error: unknown, failures: number, patience: Patience): Promise<void> {
  if (!(error instanceof Unavailable)) throw error;
  const { retries, longestMs = LONGEST_ASKED_MS, signal, random = Math.random } = patience;
  if (failures > retries || (error.retryMs ?? 0) > longestMs) throw unreachable(error, failures);
  const waitMs = backOffMs(failures, error.retryMs, random());
  await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** The failure for what could not be reached, however often it was asked for. */
export function unreachable(error: Unavailable, tries: number): Failure {
  const often = tries > 1 ? `; given up after ${tries} tries in a row` : "";
  return new Failure("UNREACHABLE", error.message + often, { cause: error });
}
