import type { ManifestPlace as Place } from "../ingest-store.ts";
import type { Checkpoint } from "../../manifest/types.ts";
import type { Db } from "./open.ts";

/** Reads and writes the checkpoints of datasets. */
export interface Checkpoints {
  /** All of a dataset's, the current one first. */
  of(dataset: number): Checkpoint[];
  /** Saves several in one transaction. */
  saveAll(dataset: number, checkpoints: readonly Checkpoint[]): void;
  /** Replaces all of a dataset's. */
  replace(dataset: number, checkpoints: readonly Checkpoint[]): void;
  remove(dataset: number, file: string): void;
  /**
   * Remembers, until a checkpoint of the dataset is saved, that the lines up to this one are
   * compared together.
   */
  putTogether(dataset: number, upTo: Place): void;
  /**
   * Returns the place up to which they are compared together; undefined where none is remembered.
   */
  togetherUpTo(dataset: number): Place | undefined;
}

/** Prepares the statements. */
export function checkpointsOf(db: Db): Checkpoints {
  const select = db.prepare(
    `SELECT file, path, offset, line, hash, retired_at AS retiredAt FROM checkpoints
     WHERE dataset = ? ORDER BY retired_at IS NOT NULL, retired_at DESC`,
  );
  const upsert = db.prepare(
    `INSERT OR REPLACE INTO checkpoints (dataset, file, path, offset, line, hash, retired_at)
     VALUES (@dataset, @file, @path, @offset, @line, @hash, @retiredAt)`,
  );
  const remove = db.prepare("DELETE FROM checkpoints WHERE dataset = ? AND file = ?");
  const clear = db.prepare("DELETE FROM checkpoints WHERE dataset = ?");
  const together = db.prepare("SELECT file, offset, hash FROM together WHERE dataset = ?");
  const putTogether = db.prepare("INSERT OR REPLACE INTO together VALUES (?, ?, ?, ?)");
  const isDone = db.prepare("DELETE FROM together WHERE dataset = ?");
  const saveAll = db.transaction((dataset: number, all: readonly Checkpoint[]): void => {
    for (const checkpoint of all) upsert.run({ dataset, ...checkpoint });
    if (all.length > 0) isDone.run(dataset);
  });
  return {
    saveAll,
    replace: db.transaction((dataset: number, all: readonly Checkpoint[]): void => {
      clear.run(dataset);
      saveAll(dataset, all);
    }),
    of: (dataset) => select.all(dataset) as Checkpoint[],
    remove: (dataset, file) => void remove.run(dataset, file),
    putTogether: (dataset, { file, offset, hash }) =>
      void putTogether.run(dataset, file, offset, hash),
    togetherUpTo: (dataset) => together.get(dataset) as Place | undefined,
  };
}
