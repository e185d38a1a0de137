import { setTimeout as sleep } from "node:timers/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { MANIFESTS } from "../../lake/dataset.ts";
import { addWait, forgetSeen, type PassRun, type PassState, reportFailure } from "../pass-state.ts";
import { TurnLost } from "../../store/turns.ts";
import { IngestStopped } from "./ingest.ts";

/**
 * Gives a turn to these datasets, then one to those with lines left: new lines do not wait behind
 * old ones.
 */
export async function ingestAll(
  pass: PassState,
  datasets: readonly string[],
  run: PassRun,
): Promise<void> {
  const { left, unmoved, cleanUp } = pass;
  // A checkpoint may have been taken away, so that all is read again.
  if (await pass.store.ingest.isChangedByOthers()) await forgetSeen(pass);
  const before = [...left];
  const fresh = datasets.filter((dataset) => !left.has(dataset));
  const still = await unmoved.of(fresh.filter(cleanUp.isDone));
  for (const turn of [fresh.filter((dataset) => !still.has(dataset)), before]) {
    const began = performance.now();
    const isOver = () => performance.now() - began > pass.slices.ingestMs;
    for (const dataset of turn) {
      if (run.isStopping()) return;
      // The first one makes progress, however long a step is.
      if (dataset !== turn[0] && isOver()) left.add(dataset);
      else await ingestOne(pass, dataset, run, isOver);
    }
  }
}

/** Continues until no lines are left and nothing is unsettled; waits where it has to. */
export async function ingestUntilSettled(
  pass: PassState,
  run: PassRun,
  abort: AbortSignal,
): Promise<void> {
  const { unsettled } = run;
  while (pass.left.size + unsettled.size > 0 && !run.isStopping()) {
    if (pass.left.size > 0) await ingestAll(pass, [], run);
    else {
      await sleep(unsettledMs(pass, unsettled), undefined, { signal: abort }).catch(
        () => undefined,
      );
      await ingestAll(pass, [...unsettled.keys()], run);
    }
  }
}

/**
 * Time until the first unsettled dataset can be looked at again, ms. A clock that is set back does
 * not make it longer.
 */
export function unsettledMs(
  { settings }: PassState,
  unsettled: ReadonlyMap<string, number>,
): number {
  const waitMs = Math.min(...unsettled.values()) - Date.now();
  return Math.min(Math.max(0, waitMs), settings.manifest.settleMs);
}

/**
 * True where raw files are sampled without a manifest, or before there is one. One that was read
 * before and is gone is missed.
 */
async function hasNoManifest({ settings, store }: PassState, dataset: string): Promise<boolean> {
  if (settings.readsNoManifest(dataset)) return true;
  if (settings.rawDirectories(dataset).length === 0) return false;
  if ((await store.ingest.checkpoints(dataset)).length > 0) return false;
  return !existsSync(join(settings.prefix, dataset, MANIFESTS));
}

async function ingestOne(
  pass: PassState,
  dataset: string,
  run: PassRun,
  isOver: () => boolean,
): Promise<void> {
  const { left } = pass;
  const { unsettled, isStopping } = run;
  left.delete(dataset);
  unsettled.delete(dataset);
  try {
    await pass.cleanUp.ensure(dataset);
    if (await hasNoManifest(pass, dataset)) return;
    const now = Date.now();
    const { allRead, ...ingested } = await pass.ingest(dataset, now, { isStopping, isOver });
    pass.unmoved.note(dataset, allRead, now);
    if (ingested.isLeft === true) left.add(dataset);
    if (ingested.unsettledUntil !== undefined) unsettled.set(dataset, ingested.unsettledUntil);
    if (ingested.restored !== undefined) pass.retainAll.settled(dataset);
    run.report({ type: "ingested", dataset, ingested });
  } catch (error) {
    if (error instanceof IngestStopped || error instanceof TurnLost) return;
    if (!(error instanceof Failure)) throw error;
    reportFailure(run, dataset, error);
    await addWait(pass, dataset, error.code, error.message);
  }
}
