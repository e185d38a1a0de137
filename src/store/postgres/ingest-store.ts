import type { IngestStore, SortedLines } from "../ingest-store.ts";
import { accept } from "./accept.ts";
import { changedByOthersOf } from "./changes.ts";
import {
  checkpointsOf,
  putTogether,
  removeCheckpoint,
  replaceCheckpoints,
  saveCheckpoints,
  togetherUpTo,
} from "./checkpoints.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { entriesKnown, hasLines } from "./known.ts";
import { rebuildOf } from "./rebuild.ts";
import { endRejected, forgetRejected } from "./rejected.ts";
import { isScattered } from "./scattered.ts";

/** A row of an index has 2,704 bytes at most, and one has other columns beside the raw. */
const LONGEST_RAW = 2000;

/** Ingest's part of a database. `createSortedLines` keeps lines on the disk of this machine. */
export function ingestStore(db: Db, createSortedLines: () => SortedLines): IngestStore {
  const { idOf, ensure } = datasetsOf(db);
  return {
    longestRaw: LONGEST_RAW,
    know: async (dataset) => void (await ensure(dataset)),
    hasEntries: async (dataset) => hasLines(db, await idOf(dataset)),
    entriesKnown: async (dataset) => entriesKnown(db, await idOf(dataset)),
    checkpoints: async (dataset) => checkpointsOf(db, await idOf(dataset)),
    saveCheckpoints: async (dataset, all) => saveCheckpoints(db, await idOf(dataset), all),
    replaceCheckpoints: async (dataset, all) => replaceCheckpoints(db, await idOf(dataset), all),
    removeCheckpoint: async (dataset, file) => removeCheckpoint(db, await idOf(dataset), file),
    accept: async (batch, now) => accept(db, await idOf(batch.dataset), batch, now),
    isScattered: async (dataset, entries) => isScattered(db, await idOf(dataset), entries),
    sortedLines: async () => createSortedLines(),
    putTogether: async (dataset, upTo) => putTogether(db, await idOf(dataset), upTo),
    togetherUpTo: async (dataset) => togetherUpTo(db, await idOf(dataset)),
    forgetRejected: async (dataset) => forgetRejected(db, await idOf(dataset)),
    endRejected: async (dataset) => endRejected(db, await idOf(dataset)),
    rebuild: async (dataset) => rebuildOf(db, await idOf(dataset)),
    isChangedByOthers: changedByOthersOf(db),
  };
}
