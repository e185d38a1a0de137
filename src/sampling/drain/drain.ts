import { join } from "node:path";
import { type Claim, claimOf } from "../../store/sqlite/claim.ts";
import { factOf } from "../../store/sqlite/meta.ts";
import { renameOf } from "../../store/sqlite/names.ts";
import type { Db } from "../../store/sqlite/open.ts";
import { type Settled, settleOf } from "../../store/sqlite/settle.ts";
import type { Settings } from "../../config/settings.ts";
import { errorMessage, Failure, type FailureCode } from "../../errors.ts";
import type { Budget } from "../../load/budget.ts";
import type { Pace } from "../../load/pace.ts";
import { foldsCase } from "../../lake/folds-case.ts";
import { namesWith } from "../job/sample-names.ts";
import { nextTry } from "./retry.ts";
import { type Receipt, receiptOf } from "../../samples/receipts.ts";
import type { Failed, Handle, Outcome, Sampled } from "../../job.ts";

/** What a pass does outside the cache. */
export interface Effects {
  /** Removes what a crash left in a dataset's samples; returns how many files that were. */
  readonly tidy: (dataset: string, wasStoppedCleanly: boolean) => Promise<number>;
  readonly handle: Handle;
  /** Abandons the jobs that were handed over and are not begun. */
  readonly giveBack: () => void;
  /** False once a job was ended from outside: what it had begun to write may still be there. */
  readonly wasClean: () => boolean;
  /** Appends to a dataset's receipts. @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE */
  readonly addReceipts: (dataset: string, receipts: readonly Receipt[]) => Promise<void>;
  /**
   * Removes a sample: one that has another name now, or is beyond the dataset's retention; `after`
   * spares those that are older, ms since epoch.
   * @throws Failure OUTPUT_UNWRITABLE or PATH_REFUSED
   */
  readonly removeSample: (dataset: string, name: string, after?: number) => void;
  /** Looks whether a sample could be removed. @throws as removeSample */
  readonly checkRemovable: (dataset: string, name: string) => void;
}

/** What a drain needs. */
export interface DrainOptions {
  readonly db: Db;
  readonly settings: Settings;
  readonly effects: Effects;
  /** What each dataset may still cost. */
  readonly budget: Budget;
  readonly pace: Pace;
  /** ms since epoch. */
  readonly clock: () => number;
  /**
   * True when nothing new is to be taken, after so many ms of draining; what it took to have the
   * first turn is no part of them. Asked no more once it was true.
   */
  readonly isOver: (drainedMs: number) => boolean;
  /** Aborted when what is in flight is to be abandoned. */
  readonly abandon: AbortSignal;
  readonly onSettled: (settled: Settled) => void;
  readonly onPaused: (dataset: string, code: FailureCode, message: string) => void;
  /** Told of an old sample that cannot be removed; its entry is settled all the same. */
  readonly onLeft: (dataset: string, error: Failure) => void;
}

/** So many are claimed at once: what is claimed goes before what comes later. */
const CLAIMED = 256;
/** Outcomes are written together once there are this many, or after this many ms. */
const BATCH = 1024;
const BATCH_MS = 200;

/**
 * Does what is due until nothing is, or until it is over: claims, a bounded number of jobs at once,
 * fairly between datasets; then receipts, then the cache, in that order. Returns whether it came to
 * its end.
 * @throws what the cache throws; rows that were in flight are due again then.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { db, settings, effects, budget, clock } = options;
  const claimDue = claimOf(db);
  const settle = settleOf(db);
  const rename = renameOf(db);
  /** What is older was published by others, or is known of no more: the cache was lost since. */
  const madeAt = Number(factOf(db, "madeAt") ?? 0);
  const paused = new Set<string>();
  const busy = new Map<number, Set<string>>();
  const finished: Settled[] = [];
  let queue: Claim[] = [];
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;
  let isEnding = false;

  // Whoever wants us to make way soon would have us end before anything was done.
  await options.pace.turn();
  const began = performance.now();
  // Once more where something became due while it was in work.
  do {
    await Promise.all(Array.from({ length: settings.drain.concurrency }, work));
    await flush();
    if (failure === undefined && !isOver()) queue = claim();
  } while (queue.length > 0 && failure === undefined && !isOver());
  if (failure !== undefined) throw failure;
  return !isEnding;

  /** A drain that some have left is not gone on with by others: what they left is not seen. */
  function isOver(): boolean {
    isEnding ||= options.isOver(performance.now() - began);
    return isEnding;
  }

  /** An error of the cache ends the drain once everybody has come to an end. */
  async function work(): Promise<void> {
    try {
      await workOn();
    } catch (error) {
      failure ??= error;
    }
  }

  async function workOn(): Promise<void> {
    for (;;) {
      await options.pace.turn();
      const claim = next();
      if (claim === undefined) return;
      const { claim: done, outcome } = await perform(claim);
      if (outcome.outcome === "sampled" || outcome.outcome === "failed")
        await finish(done, outcome);
      else if (outcome.outcome === "paused") pause(done.job.dataset, outcome.code, outcome.message);
    }
  }

  function next(): Claim | undefined {
    if (failure !== undefined || isOver()) {
      effects.giveBack();
      return undefined;
    }
    if (queue.length === 0) queue = claim();
    let found = queue.shift();
    while (found !== undefined && paused.has(found.job.dataset)) found = queue.shift();
    return found;
  }

  function claim(): Claim[] {
    const claims = claimDue({
      limit: CLAIMED,
      order: settings.drain.order,
      now: clock(),
      skips: (dataset) =>
        paused.has(dataset) || budget.isSpent(dataset) || settings.offReason(dataset) !== undefined,
      isBusy: (dataset, raw) => busy.get(dataset)?.has(raw) === true,
      busyCount: (dataset) => busy.get(dataset)?.size ?? 0,
    });
    for (const { dataset, job } of claims) {
      const raws = busy.get(dataset) ?? new Set();
      busy.set(dataset, raws.add(job.raw));
    }
    return claims;
  }

  /** Runs a job; once more, under another name, where its content asks for that. */
  async function perform(claim: Claim): Promise<{ claim: Claim; outcome: Outcome }> {
    const outcome = await effects.handle(claim.job, options.abandon);
    if (outcome.outcome !== "misnamed") return { claim, outcome };
    const { dataset, job } = claim;
    const { extension, readBytes } = outcome;
    try {
      removeUnrecorded(claim);
    } catch (error) {
      return { claim, outcome: { outcome: "paused", ...outputError(error) } };
    }
    const names = namesWith(job.raw, extension, {
      ...settings.forDataset(job.dataset),
      foldsCase: foldsCase(join(settings.prefix, job.dataset)),
    });
    const name = rename(dataset, job.raw, names, extension);
    const renamed = { ...claim, job: { ...job, name, extension } };
    const again = await effects.handle(renamed.job, options.abandon);
    if (again.outcome === "sampled" || again.outcome === "failed") {
      return { claim: renamed, outcome: { ...again, readBytes: readBytes + again.readBytes } };
    }
    if (again.outcome !== "misnamed") return { claim: renamed, outcome: again };
    const message = `it was another file at the second look: ${extension}, then ${again.extension}`;
    const failed = {
      outcome: "failed",
      code: "FILE_CHANGED",
      message,
      readBytes: readBytes + again.readBytes,
      ms: 0,
    } as const;
    return { claim: renamed, outcome: failed };
  }

  /** What a process published that was killed before it could say so, and that is not replaced now. */
  function removeUnrecorded({ sample, job: { dataset, name } }: Claim): void {
    if (sample === name) return;
    try {
      effects.removeSample(dataset, name, madeAt);
    } catch (error) {
      // Nothing was ever published through a link that leads out of samples.
      if (!(error instanceof Failure && error.code === "PATH_REFUSED")) throw error;
    }
  }

  /** One name that is refused holds up no other entry. */
  function removeOld(dataset: string, name: string): void {
    try {
      effects.removeSample(dataset, name);
    } catch (error) {
      if (!(error instanceof Failure && error.code === "PATH_REFUSED")) throw error;
      options.onLeft(dataset, error);
    }
  }

  async function finish(claim: Claim, outcome: Sampled | Failed): Promise<void> {
    const now = clock();
    spend(claim.job.dataset, outcome.ms);
    const failures = { attempts: claim.attempts + 1, failedAt: claim.failedAt ?? now };
    const nextAt =
      outcome.outcome === "failed" ? nextTry({ code: outcome.code, ...failures }, now) : null;
    finished.push({ claim, outcome, nextAt });
    if (finished.length >= BATCH) await flush();
    else timer ??= setTimeout(() => void flush(), BATCH_MS);
  }

  function spend(dataset: string, ms: number): void {
    budget.spend(dataset, ms);
    const message = "load.datasetSecondsPerHour is used up; work goes on in the next hour";
    if (budget.isSpent(dataset)) pause(dataset, "OVER_BUDGET", message);
  }

  function pause(dataset: string, code: FailureCode, message: string): void {
    if (paused.has(dataset)) return;
    paused.add(dataset);
    options.onPaused(dataset, code, message);
  }

  /** Writes what is finished; one batch after the other. */
  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(async () => {
      try {
        await write(finished.splice(0));
      } catch (error) {
        failure ??= error;
      }
    });
    return writing;
  }

  async function write(batch: readonly Settled[]): Promise<void> {
    const kept: Settled[] = [];
    for (const [dataset, settled] of Map.groupBy(batch, ({ claim }) => claim.job.dataset)) {
      if (await publish(dataset, settled)) kept.push(...settled);
    }
    if (kept.length > 0) settle(kept, clock());
    for (const { claim } of batch) busy.get(claim.dataset)?.delete(claim.job.raw);
    for (const settled of kept) options.onSettled(settled);
  }

  /** Receipts first; without them nothing is settled, and the dataset waits. */
  async function publish(dataset: string, settled: readonly Settled[]): Promise<boolean> {
    const now = clock();
    const receipts = settled
      .filter(isReceipted)
      .map(({ claim, outcome }) => receiptOf(claim.job, outcome, now));
    try {
      if (receipts.length > 0) await effects.addReceipts(dataset, receipts);
      for (const { claim, outcome } of settled) {
        const isMoved = claim.sample !== null && claim.sample !== claim.job.name;
        if (outcome.outcome === "failed") removeUnrecorded(claim);
        else if (isMoved) removeOld(dataset, claim.sample as string);
      }
      return true;
    } catch (error) {
      const { code, message } = outputError(error);
      pause(dataset, code, message);
      return false;
    }
  }
}

function outputError(error: unknown): { readonly code: FailureCode; readonly message: string } {
  const code = error instanceof Failure ? error.code : "OUTPUT_UNWRITABLE";
  return { code, message: errorMessage(error) };
}

/** Samples have a receipt each; of failures the first and the last. */
function isReceipted({ claim, outcome, nextAt }: Settled): boolean {
  return outcome.outcome === "sampled" || claim.attempts === 0 || nextAt === null;
}
