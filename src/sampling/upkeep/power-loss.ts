import type { Unsynced } from "../../store/upkeep-store.ts";
import { setImmediate } from "node:timers/promises";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { createLake, type Lake } from "../../lake/lake.ts";
import { holdOwnSamples } from "../../samples/directory.ts";
import { removeSample } from "../../samples/remove.ts";
import { lookAtSample } from "../../samples/verify.ts";
import type { Store } from "../../store/store.ts";

/** Options of `checkAfterPowerLoss`. */
export interface CheckOptions {
  readonly store: Pick<Store, "process" | "upkeep">;
  readonly settings: Settings;
  /** Boot id of the machine as it runs now; undefined where that is not known. */
  readonly bootId: string | undefined;
  /** True when the process is to end; the rest is checked at the next start. */
  readonly isStopping: () => boolean;
}

/** The result of the check, in samples. */
export interface Checked {
  readonly checked: number;
  /** Samples that were lost or broken; they are due again. */
  readonly redone: number;
}

/** Samples that are checked before signals get a turn, and in one transaction. */
const PAGE = 256;
/** Time between the last byte of a sample and its settling, besides the time a job may take, ms. */
const SETTLING_MS = 60_000;

/**
 * Checks the samples that were settled and not synced when the machine went down, and makes those
 * that did not last due again. Does nothing when the machine has run all the time: the kernel keeps
 * what a killed process has written. Where the boot id is not known, it checks at each start.
 * Returns undefined when there was nothing to check.
 * @throws what the cache throws
 */
export async function checkAfterPowerLoss(options: CheckOptions): Promise<Checked | undefined> {
  const { settings, bootId, isStopping } = options;
  const { process, upkeep } = options.store;
  if (bootId !== undefined && (await process.bootId()) === bootId) return undefined;
  const lake = createLake(settings);
  let [checked, redone] = [0, 0];
  for (
    let page = await upkeep.unsynced(PAGE);
    page.length > 0;
    page = await upkeep.unsynced(PAGE)
  ) {
    if (isStopping()) return { checked, redone };
    const wrong: Unsynced[] = [];
    for (const entry of page) {
      if (entry.sample === null) continue;
      checked += 1;
      if (!hasLasted(lake, entry, entry.sample)) wrong.push(entry);
    }
    redone += await upkeep.finishSync(page, wrong, Date.now());
    await setImmediate();
  }
  // Only now: whatever ends this half-way, it is gone on with at the next start.
  await process.setBootId(bootId);
  return checked === 0 ? undefined : { checked, redone };
}

/**
 * True when a sample is whole. A broken one is removed at once: nobody should see it while it waits
 * to be redone. Where samples lead to a directory that may not be written to, none has lasted.
 */
function hasLasted(
  lake: Lake,
  { dataset: name, bytes, settledAt }: Unsynced,
  sample: string,
): boolean {
  try {
    using dataset = lake.hold(name);
    using samples = holdOwnSamples(lake, dataset);
    if (samples === undefined) return false;
    const { seconds } = lake.settings.forDataset(name).limits;
    const after = settledAt - seconds * 1000 - SETTLING_MS;
    const found = lookAtSample(samples, sample, { bytes, after });
    if (found === "broken") removeSample(samples, sample);
    return found === "whole";
  } catch (error) {
    // The job that redoes it finds the same, and has a code for it.
    if (error instanceof Failure) return false;
    throw error;
  }
}
