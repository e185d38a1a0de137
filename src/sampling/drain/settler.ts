import type { Settings } from "../../config/settings.ts";
import type { Finding } from "../../samples/findings.ts";
import type { Claim, DrainStore, Postponed, Settled } from "../../store/drain-store.ts";
import type { DriftStore } from "../../store/drift-store.ts";
import type { FailureCode } from "../../errors.ts";
import type { Failed, Sampled } from "../../job.ts";
import { outputError } from "../../lake/errors.ts";
import { confirmedReceipt, type Receipt, receiptOf } from "../../samples/receipts.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import { type BatchDrift, judgeBatch } from "./drift.ts";
import type { Ended, Finished } from "./finished.ts";
import type { OldSamples } from "./old-samples.ts";
import { backOff, nextTry } from "./retry.ts";
import { verdictFindings } from "./verdicts.ts";

/** Writes outcomes in batches: first receipts, then the store. */
export interface Settler {
  /**
   * Takes an outcome; it is written soon.
   * @throws what the store threw, now or since the last call
   */
  add(claim: Claim, outcome: Ended): Promise<void>;
  /** Writes all outcomes that were taken. @throws what the store throws */
  flush(): Promise<void>;
}

/** Options of `createSettler`. */
export interface SettlerOptions {
  readonly store: DrainStore;
  readonly drift: DriftStore;
  readonly settings: Settings;
  readonly samples: SampleDirectory;
  readonly oldSamples: OldSamples;
  /** ms since epoch. */
  readonly clock: () => number;
  /** Called with each claim whose outcome is written, or whose dataset has to wait. */
  readonly onDone: (claim: Claim) => void;
  readonly onSettled: (settled: Settled) => void;
  readonly onFound: (dataset: string, finding: Finding) => void;
  /** Called with each claim on a raw file that a manifest line confirmed, or that was moved away. */
  readonly onEnded?: (type: "confirmed" | "moved", claim: Claim) => void;
  readonly onPaused: (dataset: string, code: FailureCode, message: string) => Promise<void>;
}

/** Everything that was found in a batch of a dataset; `now` is ms since epoch. */
interface Found {
  readonly drift: BatchDrift;
  readonly findings: readonly Finding[];
  readonly now: number;
}

/** Outcomes that are written together; fewer are after a while. */
const BATCH = 1024;
/** Tries at which a raw file changed while it was read: then that is a failure. */
const MOST_CHANGES = 3;

/** Creates the settler for one drain. */
export function createSettler(options: SettlerOptions): Settler {
  const { store } = options;
  const finished: Finished[] = [];
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let failure: { readonly error: unknown } | undefined;

  return { add, flush };

  async function add(claim: Claim, outcome: Ended): Promise<void> {
    if (failure !== undefined) throw failure.error;
    finished.push({ claim, outcome });
    if (finished.length >= BATCH) await flush();
    else timer ??= setTimeout(() => void flush().catch(() => undefined), store.batchMs());
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

  async function write(batch: readonly Finished[]): Promise<void> {
    const kept: Finished[] = [];
    for (const [dataset, ended] of Map.groupBy(batch, ({ claim }) => claim.job.dataset)) {
      const now = options.clock();
      const drift = await judgeBatch(dataset, ended, { ...options, store: options.drift, now });
      const findings = [...drift.findings, ...verdictFindings(ended, now)];
      if (!(await record(dataset, ended, { drift, findings, now }))) continue;
      await drift.save();
      for (const finding of findings) options.onFound(dataset, finding);
      kept.push(...ended);
    }
    const now = options.clock();
    const settled = kept.filter(isSettled).map(withNextTry(now));
    if (settled.length > 0) await store.settle(settled, now);
    await writeRaw(kept, now);
    for (const { claim } of batch) options.onDone(claim);
    for (const each of settled) options.onSettled(each);
  }

  /** Writes what became of raw files besides samples and failures. */
  async function writeRaw(kept: readonly Finished[], now: number): Promise<void> {
    const waiting = kept.filter(isIncomplete);
    if (waiting.length > 0) await store.postpone(waiting.map(withNextTime(now)), now);
    for (const type of ["confirmed", "moved"] as const) {
      const claims = kept
        .filter(({ outcome }) => outcome.outcome === type)
        .map(({ claim }) => claim);
      if (claims.length > 0)
        await (type === "confirmed" ? store.confirm(claims, now) : store.moved(claims, now));
      for (const claim of claims) options.onEnded?.(type, claim);
    }
  }

  /** Writes receipts first; without them nothing is settled, and the dataset waits. */
  async function record(
    dataset: string,
    ended: readonly Finished[],
    { drift, findings, now }: Found,
  ): Promise<boolean> {
    const receipts = ended
      .map((each) => receiptFor(each, { shape: drift.shapeOf(each), now }))
      .filter((each) => each !== undefined);
    try {
      if (receipts.length > 0) await options.samples.addReceipts(dataset, receipts);
      const { shapes } = drift;
      if (shapes.length + findings.length > 0)
        await options.samples.addFindings(dataset, { shapes, findings });
      for (const { claim, outcome } of ended) {
        if (outcome.outcome === "sampled") options.oldSamples.removeRenamed(claim);
        else if (outcome.outcome !== "confirmed") options.oldSamples.removeUnrecorded(claim);
      }
      return true;
    } catch (error) {
      const { code, message } = outputError(error);
      await options.onPaused(dataset, code, message);
      return false;
    }
  }
}

function isSettled(finished: Finished): finished is Finished<Sampled | Failed> {
  const { outcome } = finished.outcome;
  return outcome === "sampled" || (outcome === "failed" && !isIncomplete(finished));
}

/** True for a raw file that changed while it was read, and so was not complete: it may be later. */
function isIncomplete({ claim, outcome }: Finished): boolean {
  const isChanged = outcome.outcome === "failed" && outcome.code === "FILE_CHANGED";
  return isChanged && claim.job.inode !== undefined && claim.attempts + 1 < MOST_CHANGES;
}

function withNextTry(now: number): (finished: Finished<Sampled | Failed>) => Settled {
  return ({ claim, outcome }) => ({ claim, outcome, nextAt: nextAtOf(claim, outcome, now) });
}

function withNextTime(now: number): (finished: Finished) => Postponed {
  return ({ claim }) => ({ claim, nextAt: now + backOff.firstMs * 2 ** claim.attempts });
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

/**
 * The receipt for an outcome: each sample has one, and each confirmation; of failures the first and
 * the last.
 */
function receiptFor(
  finished: Finished,
  noted: { readonly shape: string | undefined; readonly now: number },
): Receipt | undefined {
  const { claim, outcome } = finished;
  const { now } = noted;
  if (outcome.outcome === "confirmed") return confirmedReceipt(claim.job, outcome, now);
  if (!isSettled(finished)) return undefined;
  const isTold =
    finished.outcome.outcome === "sampled" ||
    isFirstFailure(claim) ||
    nextAtOf(claim, finished.outcome, now) === null;
  return isTold ? receiptOf(claim.job, finished.outcome, noted) : undefined;
}

/** True where no failure of these tries has a receipt; a raw file's first ones count as none. */
function isFirstFailure({ attempts, outcome, job }: Claim): boolean {
  return attempts === 0 || (job.inode !== undefined && outcome !== "failed");
}
