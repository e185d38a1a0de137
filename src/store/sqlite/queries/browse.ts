import type { BrowseOptions, BrowsePage, Cursor, ListedEntry } from "../../rows.ts";
import { pathBytes, pathText } from "../../../lib/pep383.ts";
import { datasetsOf } from "../datasets.ts";
import { entryOf, type ListedRow } from "./list.ts";
import type { Db } from "../open.ts";

/** Entries after which a search ends a page, to go on with the next one. */
const MOST_LOOKED_AT = 50_000;

/**
 * Returns a page of a dataset's entries, the newest first; entries that wait come in the order of
 * their next try. It costs what it shows, however many entries there are.
 */
export function browse(db: Db, options: BrowseOptions): BrowsePage {
  const { dataset, limit } = options;
  const search = options.search?.toLowerCase();
  const id = datasetsOf(db).find(dataset);
  if (id === undefined) return { entries: [], next: null, looked: 0 };
  const found: Cursor[] = [];
  let last: Cursor | null = null;
  let looked = 0;
  for (const place of placesOf(db, id, options)) {
    // One more than fits on the page: there is a next one.
    if (found.length === limit || looked === MOST_LOOKED_AT) {
      return { entries: entriesAt(db, id, found), next: last, looked };
    }
    looked += 1;
    last = { ...place, raw: pathText(place.raw) };
    if (search === undefined || last.raw.toLowerCase().includes(search)) found.push(last);
  }
  return { entries: entriesAt(db, id, found), next: null, looked };
}

/** Places in order, straight from an index. */
function placesOf(db: Db, id: number, options: BrowseOptions): Iterable<Cursor> {
  const { outcome, after } = options;
  const sql = outcome === "waiting" ? waitingSql(after) : settledSql(outcome, after);
  const from = after === undefined ? {} : { ...after, raw: pathBytes(after.raw) };
  return db.prepare(sql).iterate({ id, ...from }) as Iterable<Cursor>;
}

function waitingSql(after: Cursor | undefined): string {
  return `SELECT next_at AS at, seq, raw FROM files INDEXED BY due
    WHERE dataset = @id AND next_at IS NOT NULL
      ${after === undefined ? "" : "AND (next_at, seq, raw) > (@at, @seq, @raw)"}
    ORDER BY next_at, seq, raw`;
}

/** Each outcome comes in order from the index, and SQLite merges them as they are read. */
function settledSql(outcome: string | undefined, after: Cursor | undefined): string {
  const one = (name: string) =>
    `SELECT settled_at AS at, 0 AS seq, raw FROM files INDEXED BY settled
     WHERE dataset = @id AND outcome = '${name}' AND settled_at IS NOT NULL
       ${after === undefined ? "" : "AND (settled_at, raw) < (@at, @raw)"}`;
  const outcomes = outcome === undefined ? ["sampled", "failed", "pruned"] : [outcome];
  return `${outcomes.map(one).join(" UNION ALL ")} ORDER BY at DESC, raw DESC`;
}

function entriesAt(db: Db, id: number, places: readonly Cursor[]): ListedEntry[] {
  const select = db.prepare(
    `SELECT f.*, d.name AS dataset_name FROM datasets AS d
     CROSS JOIN files AS f ON f.dataset = d.id AND f.raw = ? WHERE d.id = ?`,
  );
  return places
    .map(({ raw }) => select.get(pathBytes(raw), id) as ListedRow | undefined)
    .filter((row) => row !== undefined)
    .map(entryOf);
}
