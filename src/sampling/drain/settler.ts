import type { Claim, DrainStore, Settled } from "../../store/drain-store.ts";
import type { FailureCode } from "../../errors.ts";
import type { Failed, Sampled } from "../../job.ts";
import { outputError } from "../../lake/errors.ts";
import { receiptOf } from "../../samples/receipts.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import type { OldSamples } from "./old-samples.ts";
import { nextTry } from "./retry.ts";

/** Writes outcomes in batches: first receipts, then the store. */
export interface Settler {
  /**
   * Takes an outcome; it is written soon.
   * @throws what the store threw, now or since the last call
   */
  add(claim: Claim, outcome: Sampled | Failed): Promise<void>;
  /** Writes all outcomes that were taken. @throws what the store throws */
  flush(): Promise<void>;
}

/** Options of `createSettler`. */
export interface SettlerOptions {
  readonly store: DrainStore;
  readonly samples: SampleDirectory;
  readonly oldSamples: OldSamples;
  /** ms since epoch. */
  readonly clock: () => number;
  /** Called with each claim whose outcome is written, or whose dataset has to wait. */
  readonly onDone: (claim: Claim) => void;
  readonly onSettled: (settled: Settled) => void;
  readonly onPaused: (dataset: string, code: FailureCode, message: string) => Promise<void>;
}

/** Outcomes that are written together, and the time after which fewer are, ms. */
const BATCH = 1024;
const BATCH_MS = 200;

/** Creates the settler for one drain. */
export function createSettler(options: SettlerOptions): Settler {
  const finished: Settled[] = [];
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let failure: { readonly error: unknown } | undefined;

  return { add, flush };

  async function add(claim: Claim, outcome: Sampled | Failed): Promise<void> {
    if (failure !== undefined) throw failure.error;
    finished.push({ claim, outcome, nextAt: nextAtOf(claim, outcome, options.clock()) });
    if (finished.length >= BATCH) await flush();
    else timer ??= setTimeout(() => void flush().catch(() => undefined), BATCH_MS);
  }

  /** Writes one batch after the other; none after an error. */
  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(async () => {
      try {
        await write(finished.splice(0));
      } catch (error) {
        failure = { error };
        throw error;
      }
    });
    return writing;
  }

  async function write(batch: readonly Settled[]): Promise<void> {
    const kept: Settled[] = [];
    for (const [dataset, settled] of Map.groupBy(batch, ({ claim }) => claim.job.dataset)) {
      if (await record(dataset, settled)) kept.push(...settled);
    }
    if (kept.length > 0) await options.store.settle(kept, options.clock());
    for (const { claim } of batch) options.onDone(claim);
    for (const settled of kept) options.onSettled(settled);
  }

  /** Writes receipts first; without them nothing is settled, and the dataset waits. */
  async function record(dataset: string, settled: readonly Settled[]): Promise<boolean> {
    const now = options.clock();
    const receipts = settled
      .filter(isReceipted)
      .map(({ claim, outcome }) => receiptOf(claim.job, outcome, now));
    try {
      if (receipts.length > 0) await options.samples.addReceipts(dataset, receipts);
      for (const { claim, outcome } of settled) {
        if (outcome.outcome === "failed") options.oldSamples.removeUnrecorded(claim);
        else options.oldSamples.removeRenamed(claim);
      }
      return true;
    } catch (error) {
      const { code, message } = outputError(error);
      await options.onPaused(dataset, code, message);
      return false;
    }
  }
}

/**
 * Returns the time of the next try after a failure, ms since epoch; null for a sample, and for a
 * failure that is not tried again.
 */
function nextAtOf(claim: Claim, outcome: Sampled | Failed, now: number): number | null {
  if (outcome.outcome === "sampled") return null;
  const failures = { attempts: claim.attempts + 1, failedAt: claim.failedAt ?? now };
  return nextTry({ code: outcome.code, ...failures }, now);
}

/** True when an outcome gets a receipt: each sample does; of failures the first and the last. */
function isReceipted({ claim, outcome, nextAt }: Settled): boolean {
  return outcome.outcome === "sampled" || claim.attempts === 0 || nextAt === null;
}
