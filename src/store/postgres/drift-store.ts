import type { Series } from "../../checks/shape/series.ts";
import type { DriftStore } from "../drift-store.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { textOf } from "../paths.ts";

interface Row {
  readonly key: string;
  readonly state: string;
}

/** Series that are read at once: states are large. */
const PAGE = 100;

/** The series in a database. */
export function driftStore(db: Db): DriftStore {
  const { find, idOf } = datasetsOf(db);

  async function statesOf(dataset: number, keys: readonly string[]): Promise<Map<string, string>> {
    const rows = await db.all<Row>(
      "SELECT key, state FROM series WHERE dataset = $1 AND key = ANY ($2)",
      [dataset, keys.map(textOf)],
    );
    return new Map(rows.map(({ key, state }) => [key, state]));
  }

  return {
    async series(dataset, keys) {
      const all = [...keys];
      const states = await statesOf(await idOf(dataset), all);
      const known = new Map<string, Series>();
      for (const key of all) {
        const state = states.get(textOf(key));
        if (state !== undefined) known.set(key, JSON.parse(state) as Series);
      }
      return known;
    },
    saveSeries: async (dataset, series, options) => save(db, await idOf(dataset), series, options),
    async *allSeries(dataset) {
      const id = await find(dataset);
      if (id === undefined) return;
      // Their keys first: series change while somebody looks at them.
      const all = await db.all<{ key: string; seenAt: number }>(
        `SELECT key, seen_at AS "seenAt" FROM series WHERE dataset = $1
         ORDER BY seen_at DESC, key DESC`,
        [id],
      );
      for (let at = 0; at < all.length; at += PAGE) {
        const page = all.slice(at, at + PAGE);
        const states = await statesOf(
          id,
          page.map(({ key }) => key),
        );
        for (const { key, seenAt } of page) {
          const state = states.get(key);
          if (state !== undefined) yield { key, series: JSON.parse(state) as Series, seenAt };
        }
      }
    },
    async forgetSeries(dataset, key) {
      const text = "DELETE FROM series WHERE dataset = $1 AND key = $2";
      return (await db.run(text, [await idOf(dataset), textOf(key)])) > 0;
    },
  };
}

/** As `DriftStore.saveSeries`. */
async function save(
  db: Db,
  dataset: number,
  series: ReadonlyMap<string, Series>,
  { now, most }: { readonly now: number; readonly most: number },
): Promise<void> {
  if (series.size === 0) return;
  const states = new Map([...series].map(([key, each]) => [textOf(key), JSON.stringify(each)]));
  await db.transaction(async (sql) => {
    // A row that was written by an update has the transaction that did so in xmax.
    const written = await sql.all<{ isNew: boolean }>(
      `INSERT INTO series (dataset, key, state, seen_at)
       SELECT $1, key, state, $2 FROM unnest($3::text[], $4::text[]) AS t (key, state)
         ORDER BY key COLLATE "C"
       ON CONFLICT (dataset, key) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at
       RETURNING xmax = 0 AS "isNew"`,
      [dataset, now, [...states.keys()], [...states.values()]],
    );
    if (!written.some(({ isNew }) => isNew)) return;
    await sql.run(
      `DELETE FROM series WHERE dataset = $1 AND key IN (
         SELECT key FROM series WHERE dataset = $1 ORDER BY seen_at DESC, key DESC OFFSET $2)`,
      [dataset, most],
    );
  });
}
