import { setImmediate } from "node:timers/promises";
import { forgottenReceipt } from "../../samples/receipts.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";
import type { Queries } from "../../store/queries.ts";
import type { UpkeepStore } from "../../store/upkeep-store.ts";

/** Options of `forget`. */
export interface ForgetOptions {
  readonly store: UpkeepStore;
  readonly queries: Pick<Queries, "datasets" | "entriesOf">;
  readonly dataset: string;
  /** The whole dataset where it is not given. */
  readonly raw?: string;
  /**
   * The samples, whose receipts record the forgetting; undefined where nothing is on disk. Only the
   * cache forgets then.
   */
  readonly samples: SampleDirectory | undefined;
  /** True to remove samples too; otherwise they stay as nobody's. */
  readonly removesSamples: boolean;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Forgets a dataset, or one raw of it. Receipts record it first, so that a lost cache forgets it as
 * well; then samples and entries go together. Begun again, it continues where it ended.
 * @throws Failure OUTPUT_FULL, OUTPUT_UNWRITABLE or PATH_REFUSED, and what the cache throws
 */
export async function forget(options: ForgetOptions): Promise<void> {
  const { store, queries, dataset, raw, samples, removesSamples, now } = options;
  if (!(await queries.datasets()).includes(dataset)) return;
  const remove = (sample: string): void => {
    if (removesSamples) samples?.remove(dataset, sample);
  };
  if (raw === undefined) {
    await samples?.addReceipts(dataset, [forgottenReceipt(undefined, now)]);
    while ((await store.forgetSome(dataset, remove)) > 0) await setImmediate();
    await store.forgetRest(dataset, now);
    return;
  }
  for (const { bronze, mtime, sample } of await queries.entriesOf(raw, dataset)) {
    const removed = removesSamples && sample !== null ? { sample } : {};
    await samples?.addReceipts(dataset, [
      forgottenReceipt({ raw, bronze, mtime, ...removed }, now),
    ]);
    await store.forgetRaw(dataset, raw, { remove, now });
  }
}
