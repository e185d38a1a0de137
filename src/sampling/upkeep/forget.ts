import { setImmediate } from "node:timers/promises";
import { datasetsOf } from "../../store/sqlite/datasets.ts";
import { entriesOf } from "../../store/sqlite/queries/entry.ts";
import { forgettingOf } from "../../store/sqlite/forget.ts";
import type { Db } from "../../store/sqlite/open.ts";
import { forgottenReceipt } from "../../samples/receipts.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";

/** What is to be forgotten, and how. */
export interface ForgetOptions {
  readonly db: Db;
  readonly dataset: string;
  /** The whole dataset where it is not given. */
  readonly raw?: string;
  /** Undefined where nothing is there on disk that could say so: the cache alone forgets then. */
  readonly samples: SampleDirectory | undefined;
  /** True to remove samples too; else they stay, as nobody's. */
  readonly removesSamples: boolean;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Forgets a dataset, or one raw of it: first the receipts say so, so that a cache that is lost
 * forgets it as well, then samples and entries go together. Begun again, it goes on where it ended.
 * @throws Failure OUTPUT_FULL, OUTPUT_UNWRITABLE or PATH_REFUSED, and what the cache throws
 */
export async function forget(options: ForgetOptions): Promise<void> {
  const { db, dataset, raw, samples, removesSamples, now } = options;
  const id = datasetsOf(db).find(dataset);
  if (id === undefined) return;
  const forgetting = forgettingOf(db);
  const remove = (sample: string): void => {
    if (removesSamples) samples?.remove(dataset, sample);
  };
  if (raw === undefined) {
    await samples?.addReceipts(dataset, [forgottenReceipt(undefined, now)]);
    while (forgetting.forgetSome(id, remove) > 0) await setImmediate();
    forgetting.forgetRest(id, now);
    return;
  }
  for (const { bronze, mtime, sample } of entriesOf(db, raw, dataset)) {
    const removed = removesSamples && sample !== null ? { sample } : {};
    await samples?.addReceipts(dataset, [
      forgottenReceipt({ raw, bronze, mtime, ...removed }, now),
    ]);
    forgetting.forgetRaw(id, raw, { remove, now });
  }
}
