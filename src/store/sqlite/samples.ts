import type { Published, Removal, SamplePosition } from "../upkeep-store.ts";
import { pathBytes, pathText } from "../../lib/pep383.ts";
import { untilThrown } from "../../lib/until-thrown.ts";
import { countedAs } from "../counted-as.ts";
import type { Db } from "./open.ts";
import { outcomesOf } from "./outcome-counts.ts";

/** Published samples of a dataset by age. */
export interface PublishedSamples {
  /** Samples before a place, from the newest one on. */
  newest(
    dataset: number,
    before: SamplePosition,
    count: number,
  ): (SamplePosition & Pick<Published, "bytes">)[];
  /** Samples after a place and before another, from the oldest one on. */
  oldest(
    dataset: number,
    after: SamplePosition,
    before: SamplePosition,
    count: number,
  ): Published[];
  /**
   * Calls `remove` for each sample that is still as it was listed, and notes that it is gone; a
   * failed entry stays failed. One transaction keeps other writers out: no line can make an entry
   * due while its sample goes. Ends where `remove` throws; what came before is done. On a full disk
   * the samples make the room for the notes: nothing is written before they are gone. Where the
   * notes fail all the same, the next time lists the same samples, and finds them gone.
   */
  prune(dataset: number, samples: readonly Published[], remove: (sample: string) => void): Removal;
}

type Stored<T> = Omit<T, "raw" | "bronze"> & {
  readonly raw: string | Buffer;
  readonly bronze: string | Buffer;
};

/** Prepares the statements. */
export function publishedOf(db: Db): PublishedSamples {
  const isPublished = "dataset = ? AND sample IS NOT NULL AND next_at IS NULL";
  const newest = db.prepare(
    `SELECT sampled_at AS sampledAt, raw, coalesce(bytes, 0) AS bytes
     FROM files INDEXED BY published WHERE ${isPublished} AND (sampled_at, raw) < (?, ?)
     ORDER BY sampled_at DESC, raw DESC LIMIT ?`,
  );
  const oldest = db.prepare(
    `SELECT sampled_at AS sampledAt, raw, bronze, mtime, sample, coalesce(bytes, 0) AS bytes,
       format, outcome, code, message
     FROM files INDEXED BY published
     WHERE ${isPublished} AND (sampled_at, raw) > (?, ?) AND (sampled_at, raw) < (?, ?)
     ORDER BY sampled_at, raw LIMIT ?`,
  );
  const isSame = "dataset = ? AND raw = ? AND sample = ? AND sampled_at = ? AND next_at IS NULL";
  const look = db.prepare(`SELECT outcome FROM files WHERE ${isSame}`).pluck();
  const changeOutcomes = outcomesOf(db);
  const note = db.prepare(
    `UPDATE files SET sample = NULL, bytes = NULL, rows = NULL,
       outcome = CASE outcome WHEN 'sampled' THEN 'pruned' ELSE outcome END
     WHERE ${isSame}`,
  );
  const prune = db.transaction(
    (dataset: number, samples: readonly Published[], remove: (sample: string) => void): Removal => {
      const keyOf = ({ raw, sample, sampledAt }: Published) =>
        [dataset, pathBytes(raw), sample, sampledAt] as const;
      const outcomes = changeOutcomes();
      const still = samples.flatMap((published) => {
        const outcome = look.get(keyOf(published)) as Published["outcome"] | undefined;
        return outcome === undefined ? [] : [{ ...published, outcome }];
      });
      const { done, failure } = untilThrown(still, ({ sample }) => remove(sample));
      for (const published of done) {
        note.run(keyOf(published));
        if (published.outcome === "sampled")
          outcomes.moved(dataset, countedAs("sampled", published.format), "pruned");
      }
      outcomes.save();
      return { removed: done, failure };
    },
  );

  return {
    newest(dataset, before, count) {
      const rows = newest.all(dataset, ...placeKey(before), count) as Stored<Published>[];
      return rows.map(({ sampledAt, raw, bytes }) => ({ sampledAt, raw: pathText(raw), bytes }));
    },
    oldest(dataset, after, before, count) {
      const rows = oldest.all(dataset, ...placeKey(after), ...placeKey(before), count);
      return (rows as Stored<Published>[]).map((row) =>
        Object.assign(row, { raw: pathText(row.raw), bronze: pathText(row.bronze) }),
      );
    },
    prune: (dataset, samples, remove) => prune.immediate(dataset, samples, remove),
  };
}

function placeKey({ sampledAt, raw }: SamplePosition): [number, string | Buffer] {
  return [sampledAt, pathBytes(raw)];
}
