import type {
  BrowseOptions,
  BrowsePage,
  Cursor,
  InList,
  ListedEntry,
  Neighbours,
} from "../../rows.ts";
import { pathBytes, pathText } from "../../../lib/pep383.ts";
import { datasetsOf } from "../datasets.ts";
import { ALONE, createPage, searchBeside } from "../../browsed.ts";
import { entryOf, type ListedRow } from "../../listed.ts";
import type { Db } from "../open.ts";

/**
 * Returns a page of a dataset's entries, the newest first; entries that wait come in the order of
 * their next try. It costs what it shows, however many entries there are.
 */
export function browse(db: Db, options: BrowseOptions): BrowsePage {
  const id = datasetsOf(db).find(options.dataset);
  if (id === undefined) return { entries: [], next: null, looked: 0 };
  const page = createPage(options);
  for (const place of placesOf(db, id, options)) {
    if (page.takes({ ...place, raw: pathText(place.raw) })) continue;
    return { entries: entriesAt(db, id, page.found), next: page.last, looked: page.looked };
  }
  return { entries: entriesAt(db, id, page.found), next: null, looked: page.looked };
}

/**
 * Returns the raws before and after an entry in a list's order, which has a place for it even where
 * it is not in that list. It costs two steps, or with a search a look at some thousand entries.
 */
export function neighboursOf(db: Db, { dataset, raw, outcome, search }: InList): Neighbours {
  const id = datasetsOf(db).find(dataset);
  const time = outcome === "waiting" ? "next_at" : "settled_at";
  const place = db
    .prepare(`SELECT ${time} AS at, seq FROM files WHERE dataset = ? AND raw = ?`)
    .get(id ?? null, pathBytes(raw)) as Pick<Cursor, "at" | "seq"> | { at: null } | undefined;
  if (id === undefined || place === undefined || place.at === null) return ALONE;
  const after = { ...place, raw };
  return { before: next(true), after: next(false) };

  function next(isBackwards: boolean): string | null {
    const beside = searchBeside(search);
    for (const found of placesOf(db, id as number, { outcome, after }, isBackwards))
      if (beside.isOver(pathText(found.raw))) break;
    return beside.neighbour;
  }
}

/** A list, and the place in it to begin after. */
interface Start extends Pick<InList, "outcome"> {
  readonly after?: Cursor | undefined;
}

/** Places in order, or from the last to the first, straight from an index. */
function placesOf(
  db: Db,
  id: number,
  { outcome, after }: Start,
  isBackwards = false,
): Iterable<Cursor> {
  const sql =
    outcome === "waiting"
      ? waitingSql(after, isBackwards ? backwards : forwards)
      : settledSql(outcome, after, isBackwards ? forwards : backwards);
  const from = after === undefined ? {} : { ...after, raw: pathBytes(after.raw) };
  return db.prepare(sql).iterate({ id, ...from }) as Iterable<Cursor>;
}

/** An order of an index, and what is true of those that come after another. */
const forwards = { order: "ASC", beyond: ">" };
const backwards = { order: "DESC", beyond: "<" };
type Direction = typeof forwards;

function waitingSql(after: Cursor | undefined, { order, beyond }: Direction): string {
  return `SELECT next_at AS at, seq, raw FROM files INDEXED BY due
    WHERE dataset = @id AND next_at IS NOT NULL
      ${after === undefined ? "" : `AND (next_at, seq, raw) ${beyond} (@at, @seq, @raw)`}
    ORDER BY next_at ${order}, seq ${order}, raw ${order}`;
}

/** Each outcome comes in order from the index, and SQLite merges them as they are read. */
function settledSql(
  outcome: string | undefined,
  after: Cursor | undefined,
  { order, beyond }: Direction,
): string {
  const one = (name: string) =>
    `SELECT settled_at AS at, 0 AS seq, raw FROM files INDEXED BY settled
     WHERE dataset = @id AND counted = '${name}' AND settled_at IS NOT NULL
       ${after === undefined ? "" : `AND (settled_at, raw) ${beyond} (@at, @raw)`}`;
  const outcomes = outcome === undefined ? ["sampled", "described", "failed", "pruned"] : [outcome];
  return `${outcomes.map(one).join(" UNION ALL ")} ORDER BY at ${order}, raw ${order}`;
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
