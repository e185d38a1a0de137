import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import { isLimited, prune, type Pruned } from "./retention.ts";
import type { UpkeepStore } from "../../store/upkeep-store.ts";

/** Retention over many datasets. */
export interface RetainAllOptions {
  readonly store: UpkeepStore;
  readonly settings: Settings;
  readonly samples: SampleDirectory;
  /** Removes what a crash left in a dataset. @throws Failure */
  readonly cleanUp: (dataset: string) => Promise<void>;
}

/** Options of one round. */
export interface RetainRound {
  /** True when what is left is for another time. */
  readonly isStopping: () => boolean;
  /** Told of samples that were removed; of none, too. */
  readonly onPruned: (dataset: string, pruned: Pruned) => void;
  /** Told why something of a dataset could not be removed. */
  readonly onFailed: (dataset: string, error: Failure) => void;
}

/** Removes samples that are beyond the retention of their datasets. */
export interface RetainAll {
  (datasets: readonly string[], round: RetainRound): Promise<void>;
  /** Something of a dataset was settled: there may be more samples than before. */
  settled(dataset: string): void;
}

/**
 * Creates it. Datasets that were within their retention are left alone until something is settled
 * there. Where sampling is switched off, samples of before go all the same.
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
