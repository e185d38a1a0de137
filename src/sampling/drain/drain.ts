import type { Claim, Settled } from "../../store/drain-store.ts";
import type { Settings } from "../../config/settings.ts";
import type { Failure, FailureCode } from "../../errors.ts";
import type { JobRunner } from "../../job.ts";
import { forEach } from "../../lib/for-each.ts";
import type { Budget } from "../../load/budget.ts";
import type { IoThrottle } from "../../load/io-throttle.ts";
import type { Finding } from "../../samples/findings.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import { createClaims } from "./claims.ts";
import { createOldSamples } from "./old-samples.ts";
import { createRunClaim } from "./run-claim.ts";
import { createSettler } from "./settler.ts";
import type { Store } from "../../store/store.ts";

/** Options of `drain`. */
export interface DrainOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly runner: JobRunner;
  readonly samples: SampleDirectory;
  /** False while a dataset has samples under another mask than its own. */
  readonly mayBeSampled: (dataset: string) => boolean;
  /** Time that each dataset may still cost. */
  readonly budget: Budget;
  readonly ioThrottle: IoThrottle;
  /** ms since epoch. */
  readonly clock: () => number;
  /**
   * True when nothing new is to be taken, after this many ms of draining; waiting for the first
   * turn does not count. Not called again once it was true.
   */
  readonly isOver: (drainedMs: number) => boolean;
  /** Aborts what is in flight. */
  readonly abort: AbortSignal;
  readonly onSettled: (settled: Settled) => void;
  readonly onFound: (dataset: string, finding: Finding) => void;
  /** Called with each claim on a raw file that a manifest line confirmed, or that was moved away. */
  readonly onEnded?: (type: "confirmed" | "moved", claim: Claim) => void;
  readonly onPaused: (dataset: string, code: FailureCode, message: string) => Promise<void>;
  /** Called with an old sample that cannot be removed; its entry is settled all the same. */
  readonly onLeft: (dataset: string, error: Failure) => void;
}

const OVER_BUDGET = "load.datasetSecondsPerHour is used up; work goes on in the next hour";

/**
 * Does due work until none is left, or until it is over: claims, a bounded number of jobs at once,
 * fairly between datasets; then receipts, then the store, in that order. Returns true when it came
 * to its end.
 * @throws what the store throws; rows that were in flight are due again then.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { settings, runner, samples, onLeft } = options;
  const store = options.store.drain;
  let began: number | undefined;
  const storeMadeAt = await options.store.process.madeAt();
  let isEnding = false;
  const claims = createClaims({ ...options, store, isOver, release: runner.release });
  const oldSamples = createOldSamples({ samples, onLeft, storeMadeAt });
  const runClaim = createRunClaim({ ...options, store, oldSamples });
  const settler = createSettler({
    ...options,
    store,
    drift: options.store.drift,
    oldSamples,
    onDone: claims.done,
    onPaused: claims.pause,
  });
  do {
    // What is finished is recorded, whatever ended the work.
    await forEach(claims.all(), settings.drain.concurrency, sample).finally(settler.flush);
  } while (await claims.refill());
  return !isEnding;

  /**
   * True once the drain is over. It stays true: otherwise some would take more after others have
   * stopped. The time of the drain counts from the first question on, else a slow start alone could
   * end it before any work.
   */
  function isOver(): boolean {
    began ??= performance.now();
    isEnding ||= options.isOver(performance.now() - began);
    return isEnding;
  }

  async function sample(due: Claim): Promise<void> {
    const { claim, outcome } = await runClaim(due);
    const { dataset } = claim.job;
    if (outcome.outcome === "paused") await claims.pause(dataset, outcome.code, outcome.message);
    // Whose turn was over may get another one.
    if (outcome.outcome === "aborted" && claim.job.turn !== undefined) claims.done(claim);
    if (outcome.outcome === "paused" || outcome.outcome === "aborted") return;
    if (claims.spend(dataset, outcome.ms)) await claims.pause(dataset, "OVER_BUDGET", OVER_BUDGET);
    await settler.add(claim, outcome);
  }
}
