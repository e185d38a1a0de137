import type { IngestStore } from "../ingest-store.ts";
import { acceptOf, endRejectedOf, forgetRejectedOf } from "./accept.ts";
import { changedByOthersOf } from "./changes.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";
import { entriesKnownOf, hasFilesOf } from "./queries/totals.ts";
import { restoreOf } from "./rebuild.ts";
import { scatteredOf } from "./scattered.ts";
import { sortedLinesOf } from "./sorted-lines.ts";

/** Ingest's part of a cache. */
export function ingestStore(db: Db): IngestStore {
  const { idOf, ensure } = datasetsOf(db);
  const checkpoints = checkpointsOf(db);
  const accept = acceptOf(db);
  const hasFiles = hasFilesOf(db);
  const entriesKnown = entriesKnownOf(db);
  const isScattered = scatteredOf(db);
  const forgetRejected = forgetRejectedOf(db);
  const endRejected = endRejectedOf(db);
  const isChangedByOthers = changedByOthersOf(db);
  return {
    know: async (dataset) => void ensure(dataset),
    hasEntries: async (dataset) => hasFiles(idOf(dataset)),
    entriesKnown: async (dataset) => entriesKnown(idOf(dataset)),
    checkpoints: async (dataset) => checkpoints.of(idOf(dataset)),
    saveCheckpoints: async (dataset, all) => checkpoints.saveAll(idOf(dataset), all),
    replaceCheckpoints: async (dataset, all) => checkpoints.replace(idOf(dataset), all),
    removeCheckpoint: async (dataset, file) => checkpoints.remove(idOf(dataset), file),
    accept: async (batch, now) => accept(idOf(batch.dataset), batch, now),
    isScattered: async (dataset, entries) => isScattered(idOf(dataset), entries),
    sortedLines: async (dataset) => sortedLinesOf(db, idOf(dataset)),
    putTogether: async (dataset, upTo) => checkpoints.putTogether(idOf(dataset), upTo),
    togetherUpTo: async (dataset) => checkpoints.togetherUpTo(idOf(dataset)),
    forgetRejected: async (dataset) => forgetRejected(idOf(dataset)),
    endRejected: async (dataset) => endRejected(idOf(dataset)),
    async rebuild(dataset) {
      const restore = restoreOf(db);
      return async (receipts) => restore(idOf(dataset), receipts);
    },
    isChangedByOthers: async () => isChangedByOthers(),
  };
}
