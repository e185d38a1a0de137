import type { Series } from "../../checks/shape/series.ts";
import type { DriftStore } from "../drift-store.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";

interface Row {
  readonly key: string;
  readonly seenAt: number;
}

/** The series in a cache. */
export function driftStore(db: Db): DriftStore {
  const { find, idOf } = datasetsOf(db);
  const get = db.prepare("SELECT state FROM series WHERE dataset = ? AND key = ?").pluck();
  const update = db.prepare(
    "UPDATE series SET state = ?, seen_at = ? WHERE dataset = ? AND key = ?",
  );
  const insert = db.prepare(
    "INSERT INTO series (state, seen_at, dataset, key) VALUES (?, ?, ?, ?)",
  );
  const count = db.prepare("SELECT count(*) FROM series WHERE dataset = ?").pluck();
  const shorten = db.prepare(
    `DELETE FROM series WHERE dataset = @dataset AND key IN (
       SELECT key FROM series INDEXED BY series_by_age WHERE dataset = @dataset
       ORDER BY seen_at LIMIT @more)`,
  );
  const keys = db.prepare(
    `SELECT key, seen_at AS seenAt FROM series INDEXED BY series_by_age
     WHERE dataset = ? ORDER BY seen_at DESC`,
  );
  const remove = db.prepare("DELETE FROM series WHERE dataset = ? AND key = ?");

  const save = db.transaction(
    (dataset: number, all: ReadonlyMap<string, Series>, now: number, most: number): void => {
      let isMore = false;
      for (const [key, series] of all) {
        const values = [JSON.stringify(series), now, dataset, key];
        if (update.run(values).changes > 0) continue;
        insert.run(values);
        isMore = true;
      }
      const more = isMore ? (count.get(dataset) as number) - most : 0;
      if (more > 0) shorten.run({ dataset, more });
    },
  );

  return {
    async series(dataset, keys) {
      const id = idOf(dataset);
      const known = new Map<string, Series>();
      for (const key of keys) {
        const state = get.get(id, key) as string | undefined;
        if (state !== undefined) known.set(key, JSON.parse(state) as Series);
      }
      return known;
    },
    saveSeries: async (dataset, series, { now, most }) =>
      save.immediate(idOf(dataset), series, now, most),
    async *allSeries(dataset) {
      const id = find(dataset);
      if (id === undefined) return;
      // Their keys first: states are large, and series change while somebody looks at them.
      for (const { key, seenAt } of keys.all(id) as Row[]) {
        const state = get.get(id, key) as string | undefined;
        if (state !== undefined) yield { key, series: JSON.parse(state) as Series, seenAt };
      }
    },
    forgetSeries: async (dataset, key) => remove.run(idOf(dataset), key).changes > 0,
  };
}
