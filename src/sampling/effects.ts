import type { Settings } from "../config/settings.ts";
import type { Effects } from "./drain/drain.ts";
import { createHandle } from "./job/handle.ts";
import { openInWork } from "../workers/crash-marks.ts";
import { createWorkerPool, type WorkerPool } from "../workers/pool.ts";
import type { HeldDirectory } from "../lake/held-directory.ts";
import { createLake, type Lake } from "../lake/lake.ts";
import { holdOwnSamples, makeSamples } from "../samples/directory.ts";
import { appendReceipts, healReceipts } from "../samples/receipts.ts";
import { checkRemovable, removeSample } from "../samples/remove.ts";
import { sweep } from "../samples/clean-up.ts";
import type { Suspects } from "../workers/quarantine.ts";
import type { Handle } from "../job.ts";

/** The real effects: jobs in this process, receipts and samples on disk. */
export function realEffects(settings: Settings): Effects {
  const lake = createLake(settings);
  return {
    ...samplesOnDisk(lake),
    handle: withLinks(lake, createHandle(settings)),
    giveBack: () => undefined,
    wasClean: () => true,
  };
}

/** What is done to samples and receipts, each time in a directory that is held and judged. */
function samplesOnDisk(
  lake: Lake,
): Pick<Effects, "tidy" | "addReceipts" | "removeSample" | "checkRemovable"> {
  return {
    async tidy(name, wasStoppedCleanly) {
      using dataset = lake.hold(name);
      using samples = holdOwnSamples(lake, dataset);
      if (samples === undefined) return 0;
      await healReceipts(samples);
      return wasStoppedCleanly ? 0 : await sweep(samples);
    },
    async addReceipts(name, receipts) {
      using dataset = lake.hold(name);
      using samples = makeSamples(lake, dataset);
      await appendReceipts(samples, receipts);
    },
    removeSample: (dataset, name, after) =>
      inSamples(lake, dataset, (samples) => removeSample(samples, name, after)),
    checkRemovable: (dataset, name) =>
      inSamples(lake, dataset, (samples) => checkRemovable(samples, name)),
  };
}

/** A dataset without samples has none to remove. */
function inSamples(lake: Lake, name: string, work: (samples: HeldDirectory) => void): void {
  using dataset = lake.hold(name);
  using samples = holdOwnSamples(lake, dataset);
  if (samples !== undefined) work(samples);
}

/** Jobs carry where links led when their dataset was first held: a thread has not seen that. */
function withLinks(lake: Lake, handle: Handle): Handle {
  return (job, signal) => handle({ ...job, linkedTo: lake.linkedTo(job.dataset) }, signal);
}

/** How jobs are done in threads. */
export interface ThreadOptions {
  readonly threads: number;
  readonly guard: Suspects["guard"];
}

/** The same, with jobs in threads; to be closed. @throws Failure CACHE_UNUSABLE */
export function threadedEffects(
  settings: Settings,
  { threads, guard }: ThreadOptions,
): Effects & Pick<WorkerPool, "close" | "replaced"> {
  const inWork = openInWork(settings.state, threads);
  const drain = { ...settings.drain, threads };
  const pool = createWorkerPool({ ...settings, drain }, inWork);
  const close = () => pool.close().finally(inWork.close);
  const lake = createLake(settings);
  return { ...samplesOnDisk(lake), ...pool, handle: withLinks(lake, guard(pool.handle)), close };
}
