import { join } from "node:path";
import type { Settings } from "./config/settings.ts";
import type { Effects } from "./drain.ts";
import { createHandle } from "./jobs/handle.ts";
import { openInWork } from "./jobs/in-work.ts";
import { checkManifests, findPlace } from "./jobs/place.ts";
import { createWorkerPool, type WorkerPool } from "./jobs/pool.ts";
import { checkRemovable, removeSample } from "./jobs/remove.ts";
import { appendReceipts, healReceipts } from "./samples/receipts.ts";
import { sweep } from "./samples/sweep.ts";
import type { Suspects } from "./suspects.ts";

/** The real effects: jobs in this process, receipts and samples on disk. */
export function realEffects(settings: Settings): Effects {
  const samples = (dataset: string) => join(settings.prefix, dataset, "samples");
  return {
    async tidy(dataset, wasStoppedCleanly) {
      await checkManifests(await findPlace(settings, dataset));
      await healReceipts(samples(dataset));
      return wasStoppedCleanly ? 0 : sweep(samples(dataset));
    },
    handle: createHandle(settings),
    giveBack: () => undefined,
    wasClean: () => true,
    addReceipts: (dataset, receipts) => appendReceipts(samples(dataset), receipts),
    removeSample: (dataset, name, after) =>
      removeSample(join(settings.prefix, dataset), name, after),
    checkRemovable: (dataset, name) => checkRemovable(join(settings.prefix, dataset), name),
  };
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
  return { ...realEffects(settings), ...pool, handle: guard(pool.handle), close };
}
