import type { HeldDirectory } from "../lake/held-directory.ts";
import type { Lake } from "../lake/lake.ts";
import { removeTemporaryFiles } from "./clean-up.ts";
import { holdOwnSamples, makeSamples } from "./directory.ts";
import { appendFindings } from "./findings.ts";
import { appendReceipts, mendReceipts, type Receipt } from "./receipts.ts";
import { checkRemovable, removeSample } from "./remove.ts";
import { removeOthers } from "./remove-others.ts";

/** Operations on the samples and receipts of datasets. */
export interface SampleDirectory {
  /**
   * Mends receipts that a crash cut off, and removes temporary files, unless the last process
   * stopped cleanly. Returns the number of files removed.
   * @throws Failure OUTPUT_UNWRITABLE
   */
  cleanUp(dataset: string, wasStoppedCleanly: boolean): Promise<number>;
  /** Appends to a dataset's receipts. @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE */
  addReceipts(dataset: string, receipts: readonly Receipt[]): Promise<void>;
  /** Appends to a dataset's shapes and findings. @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE */
  addFindings(dataset: string, found: Parameters<typeof appendFindings>[1]): Promise<void>;
  /**
   * Removes a sample that has another name now, or is beyond the dataset's retention. Samples older
   * than `after`, ms since epoch, are spared.
   * @throws Failure OUTPUT_UNWRITABLE or PATH_REFUSED
   */
  remove(dataset: string, name: string, after?: number): void;
  /**
   * Removes all samples and temporary files but those that are kept, by their path below `samples/`;
   * returns how many. @throws Failure OUTPUT_UNWRITABLE
   */
  removeOthers(dataset: string, isKept: (name: string) => Promise<boolean>): Promise<number>;
  /** Checks that a sample could be removed. @throws as `remove` */
  checkRemovable(dataset: string, name: string): void;
}

/** The directories of a lake; each is held and judged for one change at a time. */
export function createSampleDirectory(lake: Lake): SampleDirectory {
  return {
    async cleanUp(name, wasStoppedCleanly) {
      using dataset = lake.hold(name);
      using samples = holdOwnSamples(lake, dataset);
      if (samples === undefined) return 0;
      await mendReceipts(samples);
      return wasStoppedCleanly ? 0 : await removeTemporaryFiles(samples);
    },
    async addReceipts(name, receipts) {
      using dataset = lake.hold(name);
      using samples = makeSamples(lake, dataset);
      await appendReceipts(samples, receipts);
    },
    async removeOthers(name, isKept) {
      using dataset = lake.hold(name);
      using samples = holdOwnSamples(lake, dataset);
      return samples === undefined ? 0 : await removeOthers(samples, isKept);
    },
    async addFindings(name, found) {
      using dataset = lake.hold(name);
      using samples = makeSamples(lake, dataset);
      await appendFindings(samples, found);
    },
    remove: (dataset, name, after) =>
      inSamples(lake, dataset, (samples) => removeSample(samples, name, after)),
    checkRemovable: (dataset, name) =>
      inSamples(lake, dataset, (samples) => checkRemovable(samples, name)),
  };
}

/** Does work in a dataset's samples; a dataset without samples has none to remove. */
function inSamples(lake: Lake, name: string, work: (samples: HeldDirectory) => void): void {
  using dataset = lake.hold(name);
  using samples = holdOwnSamples(lake, dataset);
  if (samples !== undefined) work(samples);
}
