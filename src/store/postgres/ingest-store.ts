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
import { type Db, type Sql, tellAll } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { entriesKnown, hasLines } from "./known.ts";
import { rebuildOf } from "./rebuild.ts";
import { endRejected, forgetRejected } from "./rejected.ts";
import { isScattered } from "./scattered.ts";
import { whileOurs } from "./turns/in-turn.ts";
import type { OpenTurns } from "./turns/turns.ts";

/** A row of an index has 2,704 bytes at most, and one has other columns beside the raw. */
const LONGEST_RAW = 2000;

/** Ingest's part of a database. `createSortedLines` keeps lines on the disk of this machine. */
export function ingestStore(
  db: Db,
  turns: OpenTurns | undefined,
  createSortedLines: () => SortedLines,
): IngestStore {
  const { idOf, ensure } = datasetsOf(db);
  const ofDataset = async <T>(dataset: string, work: (sql: Sql, id: number) => Promise<T>) => {
    const id = await idOf(dataset);
    return whileOurs(db, { turns, dataset }, (sql) => work(sql, id));
  };
  return {
    longestRaw: LONGEST_RAW,
    know: async (dataset) => void (await ensure(dataset)),
    hasEntries: async (dataset) => hasLines(db, await idOf(dataset)),
    entriesKnown: async (dataset) => entriesKnown(db, await idOf(dataset)),
    checkpoints: async (dataset) => checkpointsOf(db, await idOf(dataset)),
    saveCheckpoints: (dataset, all) =>
      ofDataset(dataset, (sql, id) => saveCheckpoints(sql, id, all)),
    replaceCheckpoints: (dataset, all) =>
      ofDataset(dataset, (sql, id) => replaceCheckpoints(sql, id, all)),
    removeCheckpoint: (dataset, file) =>
      ofDataset(dataset, (sql, id) => removeCheckpoint(sql, id, file)),
    accept: (batch, now) =>
      ofDataset(batch.dataset, async (sql, id) => {
        const accepted = await accept(sql, id, batch, now - (turns?.skewMs() ?? 0));
        if (accepted.due > 0 && turns?.hasCompany() === true) await tellAll(sql);
        return accepted;
      }),
    isScattered: async (dataset, entries) => isScattered(db, await idOf(dataset), entries),
    sortedLines: async () => createSortedLines(),
    putTogether: (dataset, upTo) => ofDataset(dataset, (sql, id) => putTogether(sql, id, upTo)),
    togetherUpTo: async (dataset) => togetherUpTo(db, await idOf(dataset)),
    forgetRejected: (dataset) => ofDataset(dataset, forgetRejected),
    endRejected: (dataset) => ofDataset(dataset, endRejected),
    rebuild: async (dataset) => rebuildOf(db, await idOf(dataset)),
    isChangedByOthers: changedByOthersOf(db),
  };
}
