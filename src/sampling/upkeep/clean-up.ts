import type { SampleDirectory } from "../../samples/sample-directory.ts";

/**
 * Removes remains of crashes and ended threads from samples, before anything new is written there.
 */
export interface CleanUp {
  /** Cleans a dataset up, unless that is done already. @throws Failure OUTPUT_UNWRITABLE */
  ensure(dataset: string): Promise<void>;
  /** Notes that jobs of these datasets were ended from outside: they are cleaned up again. */
  again(datasets: readonly string[]): void;
  isDone(dataset: string): boolean;
  /** Notes that these are all datasets there are. */
  noteAll(datasets: readonly string[]): void;
  /** False while temporary files may be left that were not looked for yet. */
  isComplete(): boolean;
}

/** Options of `createCleanUp`. */
export interface CleanUpOptions {
  readonly samples: SampleDirectory;
  readonly wasStoppedCleanly: boolean;
  readonly onRemoved: (dataset: string, files: number) => void;
}

/** Creates the clean-up; each dataset is cleaned up once, when it is first seen. */
export function createCleanUp({ samples, wasStoppedCleanly, onRemoved }: CleanUpOptions): CleanUp {
  const done = new Set<string>();
  const left = new Set<string>();
  let isComplete = wasStoppedCleanly;
  return {
    async ensure(dataset) {
      if (done.has(dataset)) return;
      const files = await samples.cleanUp(dataset, wasStoppedCleanly && !left.has(dataset));
      if (files > 0) onRemoved(dataset, files);
      left.delete(dataset);
      done.add(dataset);
    },
    again(datasets) {
      for (const dataset of datasets) {
        done.delete(dataset);
        left.add(dataset);
      }
    },
    isDone: (dataset) => done.has(dataset),
    noteAll: (datasets) => void (isComplete ||= datasets.every((dataset) => done.has(dataset))),
    isComplete: () => isComplete && left.size === 0,
  };
}
