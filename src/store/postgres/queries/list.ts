import { entryOf, type ListedRow } from "../../listed.ts";
import type { ListedEntry, ListFilter } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { datasetsOf } from "../datasets.ts";
import { conditionsOf } from "./conditions.ts";
import { newestPages } from "./newest.ts";
import { rowsAt, wantedPlaces } from "./places.ts";

/** Entries that are read at once. */
const PAGE = 1000;

/** Yields entries by dataset and raw, or newest first. */
export async function* listEntries(
  sql: Sql,
  filter: ListFilter,
): AsyncGenerator<ListedEntry, void, void> {
  let left = filter.limit ?? Infinity;
  if (left <= 0) return;
  const pages = filter.isNewestFirst === true ? newestPages(sql, filter) : byName(sql, filter);
  for await (const page of pages) {
    for (const row of page) {
      yield entryOf(row);
      left -= 1;
      if (left === 0) return;
    }
  }
}

async function* byName(
  sql: Sql,
  filter: ListFilter,
): AsyncGenerator<readonly ListedRow[], void, void> {
  const { limit = Infinity, hasDataset = () => true } = filter;
  const conditionsAfter = (taken: number) => conditionsOf(filter, taken);
  const { isWanted } = conditionsAfter(0);
  for (const { id } of await datasetsOf(sql).matching(hasDataset)) {
    if (isWanted === undefined) yield* rowsOf(sql, id, filter);
    else {
      for await (const places of wantedPlaces(sql, id, conditionsAfter))
        yield* rowsAt(sql, places.slice(0, limit));
    }
  }
}

/** Where the database knows all conditions. */
async function* rowsOf(
  sql: Sql,
  id: number,
  filter: ListFilter,
): AsyncGenerator<readonly ListedRow[], void, void> {
  const { text, values } = conditionsOf(filter, 3);
  const limit = Math.min(filter.limit ?? PAGE, PAGE);
  for (let after: string | Buffer | undefined = Buffer.alloc(0); after !== undefined;) {
    const rows: readonly ListedRow[] = await sql.all<ListedRow>(
      `SELECT f.*, d.name AS dataset_name FROM files AS f JOIN datasets AS d ON d.id = $1
       WHERE f.dataset = $1 AND f.raw > $2 ${text} ORDER BY f.raw LIMIT $3`,
      [id, after, limit, ...values],
    );
    yield rows;
    after = rows.length < limit ? undefined : rows.at(-1)?.raw;
  }
}

/** The formats that samples have, sorted; looks at every entry. */
export async function formatsOf(sql: Sql): Promise<readonly string[]> {
  const rows = await sql.all<{ readonly format: string }>(
    `SELECT format FROM files WHERE format IS NOT NULL GROUP BY format ORDER BY format COLLATE "C"`,
  );
  return rows.map(({ format }) => format);
}
