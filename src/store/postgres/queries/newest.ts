import type { ListedRow } from "../../listed.ts";
import type { ListFilter } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { datasetsOf } from "../datasets.ts";
import { conditionsOf } from "./conditions.ts";
import { type Place, rowsAt, SETTLED_AT, wantedPlaces } from "./places.ts";

/** Entries of a page, where each page is a look at everything. */
const PAGE = 10_000;

/** An entry's place in this order. */
interface NewestPlace extends Place {
  readonly at: number;
}

/** Yields pages of entries, the newest first. */
export async function* newestPages(
  sql: Sql,
  filter: ListFilter,
): AsyncGenerator<readonly ListedRow[], void, void> {
  const known = await datasetsOf(sql).matching(filter.hasDataset ?? (() => true));
  const ids = known.map(({ id }) => id);
  const { isWanted } = conditionsOf(filter, 0);
  if (isWanted === undefined) yield* sortedThere(sql, filter, ids);
  else yield* rowsAt(sql, await newestPlaces(sql, filter, ids));
}

/** Where the database knows all conditions: a look at everything for each page. */
async function* sortedThere(
  sql: Sql,
  filter: ListFilter,
  ids: readonly number[],
): AsyncGenerator<readonly ListedRow[], void, void> {
  const limit = Math.min(filter.limit ?? PAGE, PAGE);
  const { text, values } = conditionsOf(filter, 5);
  const first: NewestPlace = { at: Number.MAX_SAFE_INTEGER, dataset: 0, raw: Buffer.alloc(0) };
  for (let before: NewestPlace | undefined = first; before !== undefined;) {
    const { at, dataset, raw }: NewestPlace = before;
    const rows: readonly (ListedRow & NewestPlace)[] = await sql.all<ListedRow & NewestPlace>(
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
 * Where raws or formats are looked at here: one look at everything, of which the places of those
 * that are wanted are kept.
 */
async function newestPlaces(
  sql: Sql,
  filter: ListFilter,
  ids: readonly number[],
): Promise<readonly NewestPlace[]> {
  const { limit = Infinity } = filter;
  const conditionsAfter = (taken: number) => conditionsOf(filter, taken);
  let found: NewestPlace[] = [];
  for (const id of ids) {
    for await (const places of wantedPlaces(sql, id, conditionsAfter)) {
      for (const { at, ...place } of places) if (at !== null) found.push({ at, ...place });
      if (found.length > limit) found = found.toSorted(newestFirst).slice(0, limit);
    }
  }
  return found.toSorted(newestFirst);
}

function newestFirst(a: NewestPlace, b: NewestPlace): number {
  return b.at - a.at || b.dataset - a.dataset || Buffer.compare(b.raw, a.raw);
}
