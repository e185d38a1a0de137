import type { UpkeepStore } from "../upkeep-store.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { forgetRaw, forgetRest, forgetSome, forgettable } from "./forget.ts";
import { isMadeUnder, masksIn, redoOthers, setMask } from "./masks.ts";
import { newestSamples, oldestSamples, prune } from "./samples.ts";
import { finishSync, firstUnsynced } from "./unsynced.ts";

/** Upkeep's part of a database, on one host. */
export function upkeepStore(db: Db, host: number): UpkeepStore {
  const { idOf } = datasetsOf(db);
  return {
    newestSamples: async (dataset, before, count) =>
      newestSamples(db, await idOf(dataset), before, count),
    oldestSamples: async (dataset, span, count) =>
      oldestSamples(db, await idOf(dataset), span, count),
    prune: async (dataset, samples, remove) => prune(db, await idOf(dataset), samples, remove),
    unsynced: (limit) => firstUnsynced(db, host, limit),
    finishSync: (done, redo, now) => finishSync(db, done, redo, now),
    forgettable: async (dataset, raw) => forgettable(db, await idOf(dataset), raw),
    forgetRaw: async (dataset, raw, options) => forgetRaw(db, await idOf(dataset), raw, options),
    forgetSome: async (dataset, remove) => forgetSome(db, await idOf(dataset), remove),
    forgetRest: async (dataset, now) => forgetRest(db, await idOf(dataset), now),
    masks: () => masksIn(db),
    isMadeUnder: async (dataset, sample, mask) =>
      isMadeUnder(db, await idOf(dataset), sample, mask),
    redoOthers: async (dataset, mask, now) => redoOthers(db, await idOf(dataset), mask, now),
    setMask: async (dataset, mask) => setMask(db, await idOf(dataset), mask),
    // The server's autovacuum makes room usable again by itself.
    reuseRoom: async () => {},
  };
}
