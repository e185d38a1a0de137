import type { UpkeepStore } from "../upkeep-store.ts";
import { datasetsOf } from "./datasets.ts";
import { forgettingOf } from "./forget.ts";
import { sampleMasksOf } from "./masks.ts";
import type { Db } from "./open.ts";
import { publishedOf } from "./samples.ts";
import { unsyncedOf } from "./unsynced.ts";

/** Upkeep's part of a cache. */
export function upkeepStore(db: Db): UpkeepStore {
  const datasets = datasetsOf(db);
  const { idOf } = datasets;
  const masks = sampleMasksOf(db, datasets);
  const published = publishedOf(db);
  const queue = unsyncedOf(db);
  const forgetting = forgettingOf(db);
  return {
    newestSamples: async (dataset, before, count) => published.newest(idOf(dataset), before, count),
    oldestSamples: async (dataset, { after, before }, count) =>
      published.oldest(idOf(dataset), after, before, count),
    prune: async (dataset, samples, remove) => published.prune(idOf(dataset), samples, remove),
    unsynced: async (limit) => queue.first(limit),
    finishSync: async (done, redo, now) => queue.finish(done, redo, now),
    forgettable: async (dataset, raw) => forgetting.known(idOf(dataset), raw),
    forgetRaw: async (dataset, raw, options) => forgetting.forgetRaw(idOf(dataset), raw, options),
    forgetSome: async (dataset, remove) => forgetting.forgetSome(idOf(dataset), remove),
    forgetRest: async (dataset, now) => forgetting.forgetRest(idOf(dataset), now),
    masks: async () => masks.all(),
    isMadeUnder: async (dataset, sample, mask) => masks.isMadeUnder(idOf(dataset), sample, mask),
    redoOthers: (dataset, mask, now) => masks.redoOthers(idOf(dataset), mask, now),
    setMask: async (dataset, mask) => masks.set(idOf(dataset), mask),
    // The log is written back, so that it begins again in the room that it has.
    reuseRoom: async () => void db.pragma("wal_checkpoint(PASSIVE)"),
  };
}
