import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { addFact, factOf } from "./cache/facts.ts";
import type { Db } from "./cache/open.ts";
import { type Unsynced, unsyncedOf } from "./cache/unsynced.ts";
import type { Settings } from "./config/settings.ts";
import { Failure } from "./errors.ts";
import { findPlace } from "./jobs/place.ts";
import { removeSample } from "./jobs/remove.ts";
import { lookAtSample } from "./samples/whole.ts";

/** What the check needs. */
export interface CheckOptions {
  readonly db: Db;
  readonly settings: Settings;
  /** Of the machine, as it runs now; undefined where that is not known. */
  readonly bootId: string | undefined;
  /** True when the process is to end; what is left is checked at the next start. */
  readonly isStopping: () => boolean;
}

/** What the check did, in samples. */
export interface Checked {
  readonly checked: number;
  /** Those that were lost or broken; they are due again. */
  readonly redone: number;
}

/** Samples that are checked before signals get a turn, and in one transaction. */
const PAGE = 256;
/** Between the last byte of a sample and its settling, besides the time a job may take, ms. */
const SETTLING_MS = 60_000;

/** The machine's boot id, or undefined where it cannot be read (`ProcSubset=pid` hides it). */
export function bootIdOf(path = "/proc/sys/kernel/random/boot_id"): string | undefined {
  try {
    return readFileSync(path, "latin1").trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Checks the samples that were settled and not synced when the machine went down, and makes those
 * that did not last due again. Nothing is done when the machine has run all the time: what a killed
 * process has written is kept by the kernel. Where the boot id is not known, it is done at each
 * start. Resolves with undefined when there was nothing to check.
 * @throws what the cache throws
 */
export async function checkAfterPowerLoss(options: CheckOptions): Promise<Checked | undefined> {
  const { db, settings, bootId, isStopping } = options;
  if (bootId !== undefined && factOf(db, "bootId") === bootId) return undefined;
  const queue = unsyncedOf(db);
  const places = new Map<string, Promise<string | undefined>>();
  let [checked, redone] = [0, 0];
  for (let page = queue.first(PAGE); page.length > 0; page = queue.first(PAGE)) {
    if (isStopping()) return { checked, redone };
    const wrong: Unsynced[] = [];
    for (const entry of page) {
      if (entry.sample === null) continue;
      checked += 1;
      if (!(await lasted(entry, entry.sample))) wrong.push(entry);
    }
    redone += queue.finish(page, wrong, Date.now());
    await setImmediate();
  }
  // Only now: whatever ends this half-way, it is gone on with at the next start.
  addFact(db, "bootId", bootId ?? "");
  return checked === 0 ? undefined : { checked, redone };

  /** A broken one is removed at once: nobody is to see it while it waits to be redone. */
  async function lasted({ dataset, bytes, settledAt }: Unsynced, sample: string): Promise<boolean> {
    const place = places.get(dataset) ?? placeOf(settings, dataset);
    places.set(dataset, place);
    const directory = await place;
    if (directory === undefined) return false;
    const { seconds } = settings.forDataset(dataset).limits;
    const after = settledAt - seconds * 1000 - SETTLING_MS;
    const path = join(directory, "samples", sample);
    const found = lookAtSample(path, { bytes, after });
    if (found === "broken") removeBroken(directory, sample);
    return found === "whole";
  }
}

/** A dataset's directory; undefined where samples lead to a place that is not to be written. */
async function placeOf(settings: Settings, dataset: string): Promise<string | undefined> {
  try {
    return (await findPlace(settings, dataset)).directory;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function removeBroken(directory: string, sample: string): void {
  try {
    removeSample(directory, sample);
  } catch {
    // The job that redoes it finds the same, and has a code for it.
  }
}
