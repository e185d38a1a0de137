import type { Unsynced, UpkeepStore } from "../../store/upkeep-store.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../errors.ts";
import type { Settings } from "../../config/settings.ts";
import type { HeldDirectory } from "../../lake/held-directory.ts";
import { createLake, type Lake } from "../../lake/lake.ts";
import { holdSamples } from "../../samples/directory.ts";
import { syncSamples } from "../../samples/fsync.ts";
import { lookAtSample } from "../../samples/verify.ts";

/** Options of syncing. */
export interface SyncOptions {
  readonly store: UpkeepStore;
  readonly settings: Settings;
  /** True when the process is to end; the cache is not touched from then on. */
  readonly isStopping: () => boolean;
  /** ms since epoch. */
  readonly clock: () => number;
  /** Rest after each 100 samples, ms. */
  readonly restMs: number;
}

/** The result of syncing, in samples. */
export interface Synced {
  readonly synced: number;
  /**
   * Samples that the kernel could not write, or that are missing although receipts name them; they
   * are due again.
   */
  readonly redone: number;
}

const PAGE = 100;
const INTERVAL_MS = 30_000;
/** Rest after each page, ms: at most 1,000 samples a second. */
const REST_MS = 100;
/**
 * Age from which samples are synced, ms. The kernel writes by itself what is older than 30 s,
 * within 5 s. Asking for it then costs little and hurries nobody's writes; asking at once would.
 */
const AGE_MS = 45_000;

/**
 * Brings the samples that were settled a while ago to stable storage, oldest first, and forgets
 * them: a power loss cannot take them back any more.
 * @throws errno, and what the cache throws; what was not reached is still to be synced
 */
export async function syncSettled(options: SyncOptions): Promise<Synced> {
  const { store, settings, isStopping, clock, restMs } = options;
  const lake = createLake(settings);
  let [synced, redone] = [0, 0];
  while (!isStopping()) {
    const now = clock();
    const first = await store.unsynced(PAGE);
    // A time to come is one of a clock that was put back.
    const young = first.findIndex(({ at }) => at > now - AGE_MS && at <= now);
    const page = young < 0 ? first : first.slice(0, young);
    if (page.length === 0) break;
    const wrong = await syncPage(lake, page);
    if (isStopping()) break;
    redone += await store.finishSync(page, wrong, clock());
    synced += page.length - wrong.length;
    if (page.length < PAGE) break;
    await sleep(restMs);
  }
  return { synced, redone };
}

/** Does so twice a minute, until the function that it returns is called. */
export function syncRegularly(
  { store, settings }: Pick<SyncOptions, "store" | "settings">,
  { onSynced, onError }: { onSynced: (done: Synced) => void; onError: (error: unknown) => void },
): () => void {
  let isOver = false;
  let isRunning = false;
  const timer = setInterval(() => void round(), INTERVAL_MS).unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };

  async function round(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    try {
      onSynced(
        await syncSettled({
          store,
          settings,
          isStopping: () => isOver,
          clock: Date.now,
          restMs: REST_MS,
        }),
      );
    } catch (error) {
      if (!isOver) onError(error);
    }
    isRunning = false;
  }
}

async function syncPage(lake: Lake, page: readonly Unsynced[]): Promise<Unsynced[]> {
  const wrong: Unsynced[] = [];
  const present = page.filter(({ sample }) => sample !== null);
  for (const [name, entries] of Map.groupBy(present, ({ dataset }) => dataset)) {
    wrong.push(...(await syncDataset(lake, name, entries)));
  }
  return wrong;
}

/** Syncs a dataset's samples; returns those that are to be redone. */
async function syncDataset(
  lake: Lake,
  name: string,
  entries: readonly Unsynced[],
): Promise<readonly Unsynced[]> {
  try {
    using dataset = lake.hold(name);
    using samples = holdSamples(dataset);
    if (samples === undefined) return entries.filter(isUnseen);
    const names = entries.map(({ sample }) => sample as string);
    const lost = await syncSamples(samples, names);
    return entries.filter((entry) => lost.has(entry.sample as string) || isMissing(samples, entry));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A dataset that is gone has nothing to redo; one that leads elsewhere waits with a reason.
    return error.code === "FILE_MISSING" ? entries.filter(isUnseen) : entries;
  }
}

/** True when only receipts tell of a sample, after the cache was lost. */
function isUnseen({ at }: Unsynced): boolean {
  return at === 0;
}

/** True when a sample that only receipts tell of is not whole; it is looked at once. */
function isMissing(samples: HeldDirectory, entry: Unsynced): boolean {
  const { sample, bytes } = entry;
  const isThere = () => lookAtSample(samples, sample as string, { bytes, after: 0 }) === "whole";
  return isUnseen(entry) && !isThere();
}
