import { Failure } from "../../errors.ts";
import type { Masks } from "../../masking/masks.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import type { Store } from "../../store/store.ts";

/** Samples that were made under another mask, and are to be made again. */
export interface Unmade {
  /** Files that were removed. */
  readonly files: number;
  /** Entries that became due. */
  readonly due: number;
}

/** Options of `createMaskChange`. */
export interface MaskChangeOptions {
  readonly store: Store;
  readonly masks: Masks;
  readonly samples: SampleDirectory;
}

/** One round. */
export interface MaskRound {
  /** True when the rest is to be left for another time. */
  readonly isStopping: () => boolean;
  readonly onUnmade: (dataset: string, unmade: Unmade) => void;
  readonly onFailed: (dataset: string, error: Failure) => Promise<void>;
}

/** Removes samples that were made under another mask than the one that holds now. */
export interface MaskChange {
  (datasets: readonly string[], round: MaskRound): Promise<void>;
  /** True when a dataset has no such samples: only then it may get others. */
  isDone(dataset: string): boolean;
}

/**
 * Creates the function. Samples go first, then their entries are due again; a crash in between
 * begins again. A dataset whose receipts have not been read back into a lost cache has its turn once
 * they were: until then nothing tells which samples may stay.
 * @throws Failure CONFIG_INVALID where a key cannot be read
 */
export async function createMaskChange(options: MaskChangeOptions): Promise<MaskChange> {
  const { store, masks, samples } = options;
  let held = new Map(await store.upkeep.masks());
  const wanted = (dataset: string) => masks.of(dataset)?.fingerprint ?? null;
  const isDone = (dataset: string) => wanted(dataset) === (held.get(dataset) ?? null);
  return Object.assign(changeAll, { isDone });

  async function changeAll(datasets: readonly string[], round: MaskRound): Promise<void> {
    // Of a dataset that another host looks after, that one removes them.
    if (store.turns !== undefined) held = new Map(await store.upkeep.masks());
    for (const dataset of datasets) {
      if (round.isStopping()) return;
      if (isDone(dataset)) continue;
      try {
        await change(dataset, round);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        await round.onFailed(dataset, error);
      }
    }
  }

  async function change(dataset: string, { isStopping, onUnmade }: MaskRound): Promise<void> {
    if ((await store.ingest.checkpoints(dataset)).length === 0) return;
    const mask = wanted(dataset);
    const isKept = async (name: string) =>
      isStopping() || (await store.upkeep.isMadeUnder(dataset, name, mask));
    const files = await samples.removeOthers(dataset, isKept);
    if (isStopping()) return;
    const due = await store.upkeep.redoOthers(dataset, mask, Date.now());
    await store.upkeep.setMask(dataset, mask);
    if (mask === null) held.delete(dataset);
    else held.set(dataset, mask);
    if (files + due > 0) onUnmade(dataset, { files, due });
  }
}
