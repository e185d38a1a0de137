import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import { isLimited, prune, type Pruned } from "./retention.ts";
import type { UpkeepStore } from "../../store/upkeep-store.ts";

/** Options of `createRetainAll`. */
export interface RetainAllOptions {
  readonly store: UpkeepStore;
  readonly settings: Settings;
  readonly samples: SampleDirectory;
  /** Removes the remains of a crash from a dataset. @throws Failure */
  readonly cleanUp: (dataset: string) => Promise<void>;
}

/** Options of one round. */
export interface RetainRound {
  /** True when the rest is to be left for another time. */
  readonly isStopping: () => boolean;
  /** Called with the samples that were removed, even when there are none. */
  readonly onPruned: (dataset: string, pruned: Pruned) => void;
  /** Called with the reason why something of a dataset could not be removed. */
  readonly onFailed: (dataset: string, error: Failure) => void;
}

/** Removes samples that are beyond the retention of their datasets. */
export interface RetainAll {
  (datasets: readonly string[], round: RetainRound): Promise<void>;
  /** Notes that something of a dataset was settled: it may have more samples than before. */
  settled(dataset: string): void;
}

/**
 * Creates the function. Datasets that were within their retention are left alone until something is
 * settled there. Where sampling is switched off, earlier samples are removed all the same.
 */
export function createRetainAll(options: RetainAllOptions): RetainAll {
  const { store, settings, samples, cleanUp } = options;
  const resting = new Set<string>();
  return Object.assign(retainAll, { settled: (dataset: string) => void resting.delete(dataset) });

  async function retainAll(
    datasets: readonly string[],
    { isStopping, onPruned, onFailed }: RetainRound,
  ): Promise<void> {
    for (const dataset of datasets) {
      const { retention } = settings.forDataset(dataset);
      if (isStopping()) break;
      if (!isLimited(retention) || resting.has(dataset)) continue;
      try {
        await cleanUp(dataset);
        const now = Date.now();
        const one = { store, samples, dataset, retention, now, isStopping };
        const { refusal, ...pruned } = await prune(one);
        onPruned(dataset, pruned);
        if (refusal !== undefined) onFailed(dataset, refusal);
        else if (retention.maxAge === undefined && !isStopping()) resting.add(dataset);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        onFailed(dataset, error);
      }
    }
  }
}
