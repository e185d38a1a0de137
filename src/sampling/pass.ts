import { Failure } from "../errors.ts";
import type { PassSummary } from "../store/types.ts";
import { drain } from "./drain/drain.ts";
import { backOff } from "./drain/retry.ts";
import { ingestAll, ingestUntilSettled, unsettledMs } from "./ingest/ingest-all.ts";
import {
  addWait,
  createPassState,
  forgetSeen,
  type PassContext,
  type PassRun,
  type PassState,
  reportFailure,
} from "./pass-state.ts";
import type { Looks } from "./looking/looks.ts";
import { addToSummary, type Counting, emptySummary, isIdle } from "./summary.ts";
import { isFull } from "../store/open.ts";

/** Options of one pass. */
export interface PassOptions {
  /** Datasets of the pass; all that are found when not given. */
  readonly datasets?: readonly string[];
  /** True to wait for what is unsettled instead of leaving it to a later pass. */
  readonly settles: boolean;
  /**
   * True when the pass is to end: nothing more is read or taken. It is called between any two
   * steps, and never by a timer: calling it counts as progress.
   */
  readonly isStopping: () => boolean;
  /** True when draining is to end, after this many ms of it, so that the next pass can begin. */
  readonly isOver: (drainedMs: number) => boolean;
  /** Aborts what is in flight. */
  readonly abort: AbortSignal;
}

/** The result of a pass, with what the next one should know. */
export interface PassResult {
  readonly summary: PassSummary;
  /** False while an earlier stop may have left temporary files that could not be looked for yet. */
  readonly isCleanedUp: boolean;
  /** False when lines, or due entries, were left for the next pass. */
  readonly isDrained: boolean;
  /** Set when something unsettled has to be looked at again: the time until then, ms. */
  readonly unsettledMs?: number;
}

/** Runs passes. */
export interface Pass {
  /** Runs a pass: ingests every manifest, each for a while, then drains what is due. */
  (options: PassOptions): Promise<PassResult>;
  /** Drops work that is half done; a later pass, or process, begins it again. */
  close(): Promise<void>;
  /** Looks at raw files beside the passes; a pass that settles looks at them itself. */
  readonly looks: Looks;
}

/** Creates the function that runs passes; they remember what earlier ones found. */
export async function createPass(context: PassContext): Promise<Pass> {
  const pass = await createPassState(context);
  const run = async (options: PassOptions): Promise<PassResult> => {
    try {
      return await runPass(pass, options);
    } catch (error) {
      if (isFull(error) && options.datasets === undefined) await makeRoom(pass, options.isStopping);
      throw error;
    }
  };
  const close = async () => {
    await pass.looks.close();
    await pass.ingest.close();
  };
  return Object.assign(run, { close, looks: pass.looks });
}

async function runPass(pass: PassState, options: PassOptions): Promise<PassResult> {
  const { settles, isStopping, abort } = options;
  // Datasets that are this host's to look after from now on may have moved since anybody looked.
  const isNews = await pass.store.turns?.balance();
  const datasets = isNews === true ? undefined : options.datasets;
  const isOfAll = datasets === undefined;
  const began = performance.now();
  if (pass.wasClockSet()) await pass.store.drain.bringForward(Date.now(), backOff);
  const summary = emptySummary();
  const run = begin(pass, isStopping, summary);

  if (isNews === true) await forgetSeen(pass);
  pass.cleanUp.again(pass.runner.takeEnded());
  const all = await pass.find(datasets, (path, error) => reportFailure(run, path, error));
  const found = all.filter(pass.isOurs);
  const enabled = found.filter(pass.isOn);
  const isFoundWhole = summary.errors === 0;
  summary.datasets = enabled.length;
  await changeMasks(pass, found, run);
  await ingestAll(pass, enabled, run);
  if (isOfAll) await cleanUpOthers(pass, all, run);
  if (isOfAll && isFoundWhole) pass.cleanUp.noteAll(all.filter(pass.isOn));
  if (settles) await ingestUntilSettled(pass, run, abort);
  if (settles) await pass.looks.round(enabled, { ...run, isAnyTime: true });
  await changeMasks(pass, found, run);

  const isOver = (ms: number) =>
    isStopping() || options.isOver(ms) || (pass.left.size > 0 && ms > pass.slices.drainMs);
  const isDrained = await drainAll(pass, run, { isOver, abort });
  if (isOfAll) await retain(pass, found, run, isOver);

  summary.ms = Math.round(performance.now() - began);
  if (isOfAll) pass.waits.passed({ begunAt: Date.parse(summary.at), isDrained });
  await pass.rememberWaits(true);
  if (isOfAll || !isIdle(summary)) await pass.store.process.setLastPass(summary);
  if (isStopping()) await pass.ingest.close();
  return {
    summary,
    isCleanedUp: pass.cleanUp.isComplete(),
    isDrained: isDrained && pass.left.size === 0,
    ...(run.unsettled.size === 0 ? {} : { unsettledMs: unsettledMs(pass, run.unsettled) }),
  };
}

/**
 * Cleans up what this host left in datasets that others look after: it had files of theirs in work when
 * its last process was killed, or a thread was ended.
 */
async function cleanUpOthers(
  pass: PassState,
  datasets: readonly string[],
  run: PassRun,
): Promise<void> {
  if (pass.cleanUp.isComplete()) return;
  for (const dataset of datasets.filter((each) => pass.isOn(each) && !pass.isOurs(each))) {
    if (run.isStopping()) return;
    try {
      await pass.cleanUp.ensure(dataset);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      reportFailure(run, dataset, error);
    }
  }
}

/** Begins a pass; its summary is folded from its events. */
function begin(pass: PassState, isStopping: () => boolean, summary: Counting): PassRun {
  return {
    isStopping,
    unsettled: new Map(),
    report(event) {
      addToSummary(summary, event);
      pass.report(event);
    },
  };
}

function drainAll(
  pass: PassState,
  run: PassRun,
  ends: { readonly isOver: (ms: number) => boolean; readonly abort: AbortSignal },
): Promise<boolean> {
  return drain({
    ...pass,
    ...ends,
    clock: Date.now,
    mayBeSampled: pass.changeMasks.isDone,
    onSettled(settled) {
      const { dataset } = settled.claim.job;
      pass.retainAll.settled(dataset);
      pass.waits.settled(dataset);
      run.report({ type: "settled", settled });
      pass.contractErrors.take(settled, run.report);
    },
    onFound: (dataset, finding) => run.report({ type: "finding", dataset, finding }),
    onEnded(type, claim) {
      pass.waits.settled(claim.job.dataset);
      run.report({ type, claim });
    },
    onLeft: (dataset, error) => reportFailure(run, dataset, error),
    async onPaused(dataset, code, message) {
      await addWait(pass, dataset, code, message);
      run.report({ type: "paused", where: dataset, code, message });
    },
  });
}

/** Removes samples under another mask than that of their dataset; until they are gone it waits. */
function changeMasks(
  pass: PassState,
  datasets: readonly string[],
  { isStopping, report }: PassRun,
): Promise<void> {
  return pass.changeMasks(datasets, {
    isStopping,
    onUnmade: (dataset, unmade) => report({ type: "unmade", dataset, unmade }),
    async onFailed(dataset, error) {
      reportFailure({ report }, dataset, error);
      await addWait(pass, dataset, error.code, error.message);
    },
  });
}

/** Removes samples beyond their retention, until `isOver`. */
function retain(
  pass: PassState,
  datasets: readonly string[],
  { report }: Pick<PassRun, "report">,
  isOver: (ms: number) => boolean,
): Promise<void> {
  const began = performance.now();
  return pass.retainAll(datasets, {
    isStopping: () => isOver(performance.now() - began),
    onPruned(dataset, pruned) {
      if (pruned.files > 0) report({ type: "pruned", dataset, pruned });
    },
    onFailed: (dataset, error) => reportFailure({ report }, dataset, error),
  });
}

/** Makes room for the next pass, where the store cannot grow. */
async function makeRoom(pass: PassState, isStopping: () => boolean): Promise<void> {
  const found = await pass.find(undefined, (path, error) => reportFailure(pass, path, error));
  await retain(pass, found.filter(pass.isOurs), pass, isStopping);
  await pass.store.upkeep.reuseRoom();
}
