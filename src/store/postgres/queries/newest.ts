import type { ListFilter } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { datasetsOf } from "../datasets.ts";
import { conditionsOf, type LookedAt, type Row } from "./conditions.ts";

/** Entries of a page, where each page is a look at everything. */
const PAGE = 10_000;
/** Places that are read at once. */
const PLACES = 10_000;
/** Entries that are read at once, by their places. */
const ENTRIES = 1000;
/** Time at which an entry was last settled; one that never was counts from when it became due. */
const SETTLED_AT = "coalesce(f.settled_at, f.next_at)";

/** An entry's place in this order. */
interface Place {
  readonly at: number;
  readonly dataset: number;
  readonly raw: Buffer;
}

/** Yields pages of entries, the newest first. */
export async function* newestPages(
  sql: Sql,
  filter: ListFilter,
): AsyncGenerator<readonly Row[], void, void> {
  const known = await datasetsOf(sql).matching(filter.hasDataset ?? (() => true));
  const ids = known.map(({ id }) => id);
  const { isWanted } = conditionsOf(filter, 0);
  if (isWanted === undefined) yield* sortedThere(sql, filter, ids);
  else yield* sortedHere(sql, filter, ids);
}

/** Where the database knows all conditions: a look at everything for each page. */
async function* sortedThere(
  sql: Sql,
  filter: ListFilter,
  ids: readonly number[],
): AsyncGenerator<readonly Row[], void, void> {
  const limit = Math.min(filter.limit ?? PAGE, PAGE);
  const { text, values } = conditionsOf(filter, 5);
  const first: Place = { at: Number.MAX_SAFE_INTEGER, dataset: 0, raw: Buffer.alloc(0) };
  for (let before: Place | undefined = first; before !== undefined;) {
    const { at, dataset, raw }: Place = before;
    const rows: readonly (Row & Place)[] = await sql.all<Row & Place>(
      `SELECT f.*, d.name AS dataset_name, ${SETTLED_AT} AS at
       FROM files AS f JOIN datasets AS d ON d.id = f.dataset
       WHERE f.dataset = ANY($1) AND (${SETTLED_AT}, f.dataset, f.raw) < ($2::bigint, $3::int, $4)
         ${text}
       ORDER BY ${SETTLED_AT} DESC, f.dataset DESC, f.raw DESC LIMIT $5`,
      [ids, at, dataset, raw, limit, ...values],
    );
    yield rows;
    before = rows.length < limit ? undefined : rows.at(-1);
  }
}

/**
 * Where raws or formats are looked at here: one look at everything, which keeps the places of those
 * that are wanted, and then those entries.
 */
async function* sortedHere(
  sql: Sql,
  filter: ListFilter,
  ids: readonly number[],
): AsyncGenerator<readonly Row[], void, void> {
  const places = await newestPlaces(sql, filter, ids);
  for (let i = 0; i < places.length; i += ENTRIES) {
    const some = places.slice(i, i + ENTRIES);
    yield await sql.all<Row>(
      `SELECT f.*, d.name AS dataset_name
       FROM unnest($1::int[], $2::bytea[]) WITH ORDINALITY AS w (dataset, raw, i)
       CROSS JOIN LATERAL (
         SELECT * FROM files WHERE dataset = w.dataset AND raw = w.raw LIMIT 1) AS f
       JOIN datasets AS d ON d.id = w.dataset ORDER BY w.i`,
      [some.map(({ dataset }) => dataset), some.map(({ raw }) => raw)],
    );
  }
}

async function newestPlaces(
  sql: Sql,
  filter: ListFilter,
  ids: readonly number[],
): Promise<readonly Place[]> {
  const { limit = Infinity } = filter;
  const { text, values, isWanted = () => true } = conditionsOf(filter, 4);
  let found: Place[] = [];
  for (const id of ids) {
    for (let after: Buffer | undefined = Buffer.alloc(0); after !== undefined;) {
      const rows: readonly (Place & LookedAt)[] = await sql.all<Place & LookedAt>(
        `SELECT ${SETTLED_AT} AS at, f.dataset, f.raw, f.format, f.sample FROM files AS f
         WHERE f.dataset = $1 AND f.raw > $2 AND ${SETTLED_AT} < $4 ${text}
         ORDER BY f.raw LIMIT $3`,
        [id, after, PLACES, Number.MAX_SAFE_INTEGER, ...values],
      );
      for (const row of rows) {
        if (isWanted(row)) found.push({ at: row.at, dataset: row.dataset, raw: row.raw });
      }
      found = found.length > limit ? found.toSorted(newestFirst).slice(0, limit) : found;
      after = rows.length < PLACES ? undefined : rows.at(-1)?.raw;
    }
  }
  return found.toSorted(newestFirst);
}

function newestFirst(a: Place, b: Place): number {
  return b.at - a.at || b.dataset - a.dataset || Buffer.compare(b.raw, a.raw);
}
