import { setTimeout as sleep } from "node:timers/promises";
import { bringForward } from "../store/sqlite/due.ts";
import { addFact, factOf } from "../store/sqlite/meta.ts";
import { changedByOthersOf } from "../store/sqlite/changes.ts";
import type { Db } from "../store/sqlite/open.ts";
import { watchClock } from "../lib/clock-jumps.ts";
import { rememberWaits } from "../store/sqlite/waits.ts";
import type { Settings } from "../config/settings.ts";
import { drain, type Effects } from "./drain/drain.ts";
import { errorCode, Failure, type FailureCode } from "../errors.ts";
import type { PassEvent } from "./events.ts";
import { createFinder } from "./find-datasets.ts";
import { createIngest, IngestStopped } from "./ingest/ingest.ts";
import { createBudget } from "../load/budget.ts";
import { thisKernel } from "../load/cgroup.ts";
import { createPace } from "../load/pace.ts";
import { unmovedBelow } from "../manifest/unmoved.ts";
import { backOff } from "./drain/retry.ts";
import { rejectionReceipt } from "../samples/receipts.ts";
import { createRetainAll } from "./upkeep/retain-all.ts";
import { count, type Counting, emptySummary, isIdle } from "./summary.ts";
import type { PassSummary } from "../store/types.ts";
import type { RejectedLine } from "../manifest/types.ts";
import { createWaits } from "../store/waits.ts";

/**
 * Taking in new lines has so many ms at a time, then what is due has as many: one long manifest holds
 * up neither other manifests nor drain.
 */
const TURN_MS = 200;

/** How one pass goes. */
export interface PassOptions {
  /** Only these datasets; all that are found when not given. */
  readonly datasets?: readonly string[];
  /** True to wait for what is unsettled instead of leaving it to a later pass. */
  readonly settles: boolean;
  /**
   * True when the pass is to end: nothing more is read or taken. It is asked between any two steps,
   * and never by a timer: who asks has got on.
   */
  readonly isStopping: () => boolean;
  /** True when draining, after so many ms of it, is to end, so that the next pass can begin. */
  readonly isOver: (drainedMs: number) => boolean;
  readonly abandon: AbortSignal;
}

/** What the pass after this one should know. */
export interface PassResult {
  readonly summary: PassSummary;
  /** False while an earlier stop may have left temporary files that could not be looked for yet. */
  readonly isSwept: boolean;
  /** False when lines, or something that is due, were left for the next pass. */
  readonly isDrained: boolean;
  /** Set when something unsettled has to be looked at again: after so many ms. */
  readonly unsettledMs?: number;
}

/** Runs passes. */
export interface Pass {
  /** Runs one: ingest every manifest, each for a while, then drain what is due. */
  (options: PassOptions): Promise<PassResult>;
  /** Drops what is half done; a later pass, or process, begins it again. */
  close(): Promise<void>;
}

/** What the turns of one pass share. */
interface Round {
  readonly summary: Counting;
  /** Datasets that have to be looked at again, and when, ms since epoch. */
  readonly unsettled: Map<string, number>;
  readonly isStopping: () => boolean;
}

/** What passes share. */
export interface PassContext {
  readonly db: Db;
  readonly settings: Settings;
  readonly effects: Effects;
  readonly report: (event: PassEvent) => void;
  /** How long taking in, and drain beside it, have at a time, ms; 0 for one step of taking in. */
  readonly turns?: { readonly ingestMs: number; readonly drainMs: number };
}

/** Makes the function; datasets are tidied up once, when they are first seen. */
export function createPass(context: PassContext): Pass {
  const { db, settings, effects, report } = context;
  const { ingestMs, drainMs } = context.turns ?? { ingestMs: TURN_MS, drainMs: TURN_MS };
  const wasStoppedCleanly = factOf(db, "cleanStop") === "true";
  const tidied = new Set<string>();
  let isSwept = wasStoppedCleanly;
  const isUntidy = new Set<string>();
  const budget = createBudget(settings.load.datasetSecondsPerHour, Date.now);
  const pace = createPace(settings.load, thisKernel);
  const ingest = createIngest({
    db,
    settings,
    onRejected,
    onRestored: (dataset, receipts) => report({ type: "restoring", dataset, receipts }),
    onSkipped: (dataset, names) => report({ type: "skipped", dataset, names }),
  });
  const retainAll = createRetainAll({ db, settings, effects, tidy });
  const unmoved = unmovedBelow(settings.prefix);
  const find = createFinder(settings);
  const isChanged = changedByOthersOf(db);
  const waits = createWaits();
  const remember = rememberWaits(db);
  const wasClockSet = watchClock();
  /** Datasets with lines that were left for another turn, the one that waits longest first. */
  const left = new Set<string>();

  return Object.assign(pass, { close: ingest.close });

  async function pass(options: PassOptions): Promise<PassResult> {
    try {
      return await work(options);
    } catch (error) {
      if (errorCode(error) === "SQLITE_FULL" && options.datasets === undefined)
        await makeRoom(options.isStopping);
      throw error;
    }
  }

  async function work(options: PassOptions): Promise<PassResult> {
    const { datasets, settles, isStopping, isOver, abandon } = options;
    const started = performance.now();
    if (wasClockSet()) bringForward(db, Date.now(), backOff);
    const summary = emptySummary();
    const found = await findDatasets(summary, datasets);
    const enabled = found.filter((dataset) => settings.offReason(dataset) === undefined);
    summary.datasets = enabled.length;

    const unseen = summary.errors;
    /** Datasets that have to be looked at again, and when, ms since epoch. */
    const unsettled = new Map<string, number>();
    const ingestSome = (some: readonly string[]) =>
      ingestAll(some, { summary, unsettled, isStopping });
    await ingestSome(enabled);
    isSwept ||= datasets === undefined && unseen === 0 && enabled.every((each) => tidied.has(each));
    if (settles) {
      while (left.size + unsettled.size > 0 && !isStopping()) {
        if (left.size > 0) await ingestSome([]);
        else {
          await rest(unsettledMs(unsettled), abandon);
          await ingestSome([...unsettled.keys()]);
        }
      }
    }
    const isCut = (ms: number) => isStopping() || isOver(ms) || (left.size > 0 && ms > drainMs);
    const isDrained = await drain({
      db,
      settings,
      effects,
      budget,
      pace,
      clock: Date.now,
      isOver: isCut,
      abandon,
      onSettled: (settled) => {
        count(summary, settled);
        retainAll.settled(settled.claim.job.dataset);
        waits.settled(settled.claim.job.dataset);
        if (settled.outcome.outcome === "failed") sweepAgain(settled.claim.job.dataset);
        report({ type: "settled", settled });
      },
      onLeft: (dataset, error) => failed(summary, dataset, error),
      onPaused: (dataset, code, message) => {
        summary.paused += 1;
        wait(dataset, code, message);
        report({ type: "paused", where: dataset, code, message });
      },
    });
    const pruning = performance.now();
    const isPruningCut = () => isCut(performance.now() - pruning);
    if (datasets === undefined) await retain(found, summary, isPruningCut);
    summary.ms = Math.round(performance.now() - started);
    if (datasets === undefined) waits.passed({ begunAt: Date.parse(summary.at), isDrained });
    remember(waits.all(), true);
    if (datasets === undefined || !isIdle(summary)) addFact(db, "pass", JSON.stringify(summary));
    if (isStopping()) await ingest.close();
    const result = { summary, isSwept, isDrained: isDrained && left.size === 0 };
    return unsettled.size === 0 ? result : { ...result, unsettledMs: unsettledMs(unsettled) };
  }

  /** Until the first of them can be looked at again; a clock that is set back makes it no longer. */
  function unsettledMs(unsettled: ReadonlyMap<string, number>): number {
    const waitMs = Math.min(...unsettled.values()) - Date.now();
    return Math.min(Math.max(0, waitMs), settings.manifest.settleMs);
  }

  /** Where the cache cannot grow, for the next pass. */
  async function makeRoom(isStopping: () => boolean): Promise<void> {
    const summary = emptySummary();
    await retain(await findDatasets(summary), summary, isStopping);
    // The log is written back, so that it begins again in the room that it has.
    db.pragma("wal_checkpoint(PASSIVE)");
  }

  /** All datasets that there are, or the wanted ones of them. */
  function findDatasets(summary: Counting, wanted?: readonly string[]): Promise<readonly string[]> {
    return find(wanted, (path, error) => failed(summary, path, error));
  }

  /**
   * Gives a turn to these datasets, and one to those with lines left: what is new is not to wait
   * behind them.
   */
  async function ingestAll(datasets: readonly string[], round: Round): Promise<void> {
    // A checkpoint may have been taken away, so that all is read again.
    if (isChanged()) {
      unmoved.forget();
      await ingest.close();
    }
    const before = [...left];
    const fresh = datasets.filter((dataset) => !left.has(dataset));
    const still = await unmoved.of(fresh.filter((dataset) => tidied.has(dataset)));
    for (const turn of [fresh.filter((dataset) => !still.has(dataset)), before]) {
      const began = performance.now();
      const isOver = () => performance.now() - began > ingestMs;
      for (const dataset of turn) {
        if (round.isStopping()) return;
        // The first one gets on, however long a step is.
        if (dataset !== turn[0] && isOver()) left.add(dataset);
        else await ingestOne(dataset, round, isOver);
      }
    }
  }

  async function ingestOne(
    dataset: string,
    { summary, unsettled, isStopping }: Round,
    isOver: () => boolean,
  ): Promise<void> {
    left.delete(dataset);
    unsettled.delete(dataset);
    try {
      await tidy(dataset);
      const now = Date.now();
      const { allRead, ...ingested } = await ingest(dataset, now, { isStopping, isOver });
      unmoved.note(dataset, allRead, now);
      for (const key of ["lines", "unchanged", "superseded", "rejected"] as const) {
        summary[key] += ingested[key];
      }
      if (ingested.isLeft === true) left.add(dataset);
      if (ingested.unsettledUntil !== undefined) unsettled.set(dataset, ingested.unsettledUntil);
      if (ingested.restored !== undefined) retainAll.settled(dataset);
      report({ type: "ingested", dataset, ingested });
    } catch (error) {
      if (error instanceof IngestStopped) return;
      if (!(error instanceof Failure)) throw error;
      failed(summary, dataset, error);
      wait(dataset, error.code, error.message);
    }
  }

  /** Removes what a crash left, before anything new is written there. */
  async function tidy(dataset: string): Promise<void> {
    if (tidied.has(dataset)) return;
    const files = await effects.tidy(dataset, wasStoppedCleanly && !isUntidy.delete(dataset));
    if (files > 0) report({ type: "swept", dataset, files });
    tidied.add(dataset);
  }

  function retain(
    found: readonly string[],
    summary: Counting,
    isStopping: () => boolean,
  ): Promise<void> {
    return retainAll(found, {
      isStopping,
      onPruned(dataset, pruned) {
        summary.pruned += pruned.files;
        if (pruned.files > 0) report({ type: "pruned", dataset, pruned });
      },
      onFailed: (dataset, error) => failed(summary, dataset, error),
    });
  }

  /** A job that was ended from outside is one that failed. */
  function sweepAgain(dataset: string): void {
    if (effects.wasClean()) return;
    tidied.delete(dataset);
    isUntidy.add(dataset);
  }

  async function onRejected(dataset: string, lines: readonly RejectedLine[]): Promise<void> {
    const now = Date.now();
    await effects.addReceipts(
      dataset,
      lines.map((line) => rejectionReceipt(line, now)),
    );
    for (const line of lines) report({ type: "rejected", dataset, line });
  }

  /** Has those who look know why nothing of a dataset is done. */
  function wait(dataset: string, code: FailureCode, message: string): void {
    waits.add({ dataset, code, message, at: Date.now() });
    remember(waits.all(), false);
  }

  function failed(summary: Counting, where: string, { code, message }: Failure): void {
    summary.errors += 1;
    report({ type: "error", where, code, message });
  }
}

/** Waits so many ms, or until the signal says no. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
