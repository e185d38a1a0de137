import { entryOf } from "../../listed.ts";
import type { ListedEntry, ListFilter } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { datasetsOf } from "../datasets.ts";
import { conditionsOf, type Row } from "./conditions.ts";
import { newestPages } from "./newest.ts";

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

async function* byName(sql: Sql, filter: ListFilter): AsyncGenerator<readonly Row[], void, void> {
  const { hasDataset = () => true } = filter;
  const { text, values, isWanted } = conditionsOf(filter, 4);
  // What is looked at here may leave little of a page.
  const limit = isWanted === undefined ? Math.min(filter.limit ?? PAGE, PAGE) : PAGE;
  for (const { id, name } of await datasetsOf(sql).matching(hasDataset)) {
    for (let after: Buffer | undefined = Buffer.alloc(0); after !== undefined;) {
      const rows: readonly Row[] = await sql.all<Row>(
        `SELECT f.*, $4::text AS dataset_name FROM files AS f
         WHERE f.dataset = $1 AND f.raw > $2 ${text} ORDER BY f.raw LIMIT $3`,
        [id, after, limit, name, ...values],
      );
      yield isWanted === undefined ? rows : rows.filter(isWanted);
      after = rows.length < limit ? undefined : rows.at(-1)?.raw;
    }
  }
}

/** The formats that samples have, sorted; looks at every entry. */
export async function formatsOf(sql: Sql): Promise<readonly string[]> {
  const rows = await sql.all<{ readonly format: string }>(
    `SELECT format FROM files WHERE format IS NOT NULL GROUP BY format ORDER BY format COLLATE "C"`,
  );
  return rows.map(({ format }) => format);
}
