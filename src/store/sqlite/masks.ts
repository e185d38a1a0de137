import { setImmediate } from "node:timers/promises";
import type { Datasets } from "./datasets.ts";
import type { Db } from "./open.ts";

/** The masks that samples were made under. */
export interface SampleMasks {
  /** The mask that all samples of a dataset were made under, by dataset; without those that have none. */
  all(): ReadonlyMap<string, string>;
  /** True when an entry has this sample, below `samples/`, and it was made under the mask. */
  isMadeUnder(dataset: number, sample: string, mask: string | null): boolean;
  /**
   * Makes entries due whose sample was made under another mask, and forgets what is known of these
   * samples, and what failures said; returns the number that became due. `now` is ms since epoch.
   */
  redoOthers(dataset: number, mask: string | null, now: number): Promise<number>;
  /**
   * Notes that all samples of a dataset were made under a mask, and forgets the shapes of its files:
   * other names may be hidden.
   */
  set(dataset: number, mask: string | null): void;
}

/** Entries that are changed in one transaction. */
const PAGE = 1000;

/** Prepares the statements. */
export function sampleMasksOf(db: Db, { nameOf }: Pick<Datasets, "nameOf">): SampleMasks {
  const all = db.prepare("SELECT id, mask FROM datasets WHERE mask IS NOT NULL");
  const isMadeUnder = db
    .prepare(
      `SELECT 1 FROM names AS n JOIN files AS f ON f.dataset = n.dataset AND f.raw = n.raw
       WHERE n.dataset = ? AND n.name = ? AND f.sample = n.name AND f.mask IS ?`,
    )
    .pluck();
  const pageEnd = db
    .prepare(
      `SELECT max(raw) FROM
         (SELECT raw FROM files WHERE dataset = ? AND raw > ? ORDER BY raw LIMIT ${PAGE})`,
    )
    .pluck();
  // Name, version and outcome stay: decide and settle see an entry that waits, as after a new line.
  const nothing =
    "sample = NULL, bytes = NULL, rows = NULL, reason = NULL, message = NULL, mask = NULL";
  const isOther = "dataset = @dataset AND raw > @after AND raw <= @upTo AND mask IS NOT @mask";
  const redo = db.prepare(
    `UPDATE files SET ${nothing}, next_at = coalesce(next_at, @now)
     WHERE ${isOther} AND outcome = 'sampled'`,
  );
  const forget = db.prepare(
    `UPDATE files SET ${nothing}
     WHERE ${isOther} AND outcome IS NOT 'sampled' AND (sample IS NOT NULL OR message IS NOT NULL)`,
  );
  const set = db.prepare("UPDATE datasets SET mask = ? WHERE id = ?");
  const forgetShapes = db.prepare("DELETE FROM series WHERE dataset = ?");
  return {
    all() {
      const found = all.all() as { id: number; mask: string }[];
      return new Map(found.map(({ id, mask }) => [nameOf(id), mask]));
    },
    isMadeUnder: (dataset, sample, mask) => isMadeUnder.get(dataset, sample, mask) !== undefined,
    async redoOthers(dataset, mask, now) {
      let due = 0;
      for (let after: unknown = ""; ; await setImmediate()) {
        const upTo = pageEnd.get(dataset, after);
        if (upTo === null) return due;
        forget.run({ dataset, after, upTo, mask });
        due += redo.run({ dataset, after, upTo, mask, now }).changes;
        after = upTo;
      }
    },
    set: db.transaction((dataset: number, mask: string | null) => {
      set.run(mask, dataset);
      forgetShapes.run(dataset);
    }),
  };
}
