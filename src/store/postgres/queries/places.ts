import type { ListedRow } from "../../listed.ts";
import type { Sql } from "../connect.ts";
import type { Conditions, LookedAt } from "./conditions.ts";

/** Places that are read at once. */
const PLACES = 5000;
/** Rows that are read at once, by their places. */
const ROWS = 1000;

/** The key of an entry. */
export interface Place {
  readonly dataset: number;
  readonly raw: Buffer;
}

/** An entry's key, with the time by which it is sorted, ms since epoch. */
export interface TimedPlace extends Place {
  readonly at: number | null;
}

/** Time at which an entry `f` was last settled; one that never was counts from when it became due. */
export const SETTLED_AT = "coalesce(f.settled_at, f.next_at)";

/** Yields the places of a dataset's entries that are wanted, by raw: one look at all of them. */
export async function* wantedPlaces(
  sql: Sql,
  dataset: number,
  conditionsAfter: (taken: number) => Conditions,
): AsyncGenerator<readonly TimedPlace[], void, void> {
  const { text, values, isWanted = () => true } = conditionsAfter(3);
  for (let after: Buffer | undefined = Buffer.alloc(0); after !== undefined;) {
    const rows: readonly (TimedPlace & LookedAt)[] = await sql.all<TimedPlace & LookedAt>(
      `SELECT ${SETTLED_AT} AS at, f.dataset, f.raw, f.format, f.sample FROM files AS f
       WHERE f.dataset = $1 AND f.raw > $2 ${text} ORDER BY f.raw LIMIT $3`,
      [dataset, after, PLACES, ...values],
    );
    yield rows.filter(isWanted).map(({ at, raw }) => ({ at, dataset, raw }));
    after = rows.length < PLACES ? undefined : rows.at(-1)?.raw;
  }
}

/** Yields the rows of entries in the order of their places; what is gone since is left out. */
export async function* rowsAt(
  sql: Sql,
  places: readonly Place[],
): AsyncGenerator<readonly ListedRow[], void, void> {
  for (let i = 0; i < places.length; i += ROWS) {
    const some = places.slice(i, i + ROWS);
    yield await sql.all<ListedRow>(
      `SELECT f.*, d.name AS dataset_name
       FROM unnest($1::int[], $2::bytea[]) WITH ORDINALITY AS w (dataset, raw, i)
       CROSS JOIN LATERAL (
         SELECT * FROM files WHERE dataset = w.dataset AND raw = w.raw LIMIT 1) AS f
       JOIN datasets AS d ON d.id = w.dataset ORDER BY w.i`,
      [some.map(({ dataset }) => dataset), some.map(({ raw }) => raw)],
    );
  }
}
