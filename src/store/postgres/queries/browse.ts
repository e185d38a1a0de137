import { ALONE, createPage, searchBeside } from "../../browsed.ts";
import { entryOf } from "../../listed.ts";
import type {
  BrowseOptions,
  BrowsePage,
  Cursor,
  InList,
  ListedEntry,
  Neighbours,
} from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { datasetsOf } from "../datasets.ts";
import { bytesOf, pathOf } from "../../paths.ts";
import { rowsAt } from "./places.ts";

/** Places that a search reads at once. */
const SEARCHED = 2000;

/**
 * Returns a page of a dataset's entries, the newest first; entries that wait come in the order of
 * their next try. It costs what it shows, however many entries there are.
 */
export async function browse(sql: Sql, options: BrowseOptions): Promise<BrowsePage> {
  const { outcome, after, search, limit } = options;
  const id = await datasetsOf(sql).find(options.dataset);
  if (id === undefined) return { entries: [], next: null, looked: 0 };
  const page = createPage(options);
  const list = { id, outcome, after, count: search === undefined ? limit + 1 : SEARCHED };
  for await (const place of placesOf(sql, list)) {
    if (page.takes(place)) continue;
    return { entries: await entriesAt(sql, id, page.found), next: page.last, looked: page.looked };
  }
  return { entries: await entriesAt(sql, id, page.found), next: null, looked: page.looked };
}

/**
 * Returns the raws before and after an entry in a list's order, which has a place for it even where
 * it is not in that list. It costs two steps, or with a search a look at some thousand entries.
 */
export async function neighboursOf(
  sql: Sql,
  { dataset, raw, outcome, search }: InList,
): Promise<Neighbours> {
  const time = outcome === "waiting" ? "next_at" : "settled_at";
  const place = await sql.get<{ id: number; at: number | null; seq: number }>(
    `SELECT d.id, f.${time} AS at, f.seq
     FROM datasets AS d JOIN files AS f ON f.dataset = d.id AND f.raw = $2
     WHERE d.name = $1 AND d.forgotten_at IS NULL`,
    [dataset, bytesOf(raw)],
  );
  if (place === undefined || place.at === null) return ALONE;
  const { id, at, seq } = place;
  const count = search === undefined ? 1 : SEARCHED;
  const list = { id, outcome, after: { at, seq, raw }, count };
  const [before, after] = await Promise.all([next(true), next(false)]);
  return { before, after };

  async function next(isBackwards: boolean): Promise<string | null> {
    const beside = searchBeside(search);
    for await (const found of placesOf(sql, list, isBackwards)) if (beside.isOver(found.raw)) break;
    return beside.neighbour;
  }
}

/** A list of a dataset, and the place in it to begin after. */
interface List {
  readonly id: number;
  readonly outcome: InList["outcome"];
  readonly after?: Cursor | undefined;
  /** Places that are read at once. */
  readonly count: number;
}

/** Places in order, or from the last to the first, straight from an index. */
async function* placesOf(
  sql: Sql,
  { id, outcome, after, count }: List,
  isBackwards = false,
): AsyncGenerator<Cursor, void, void> {
  const isWaiting = outcome === "waiting";
  const direction = isWaiting === isBackwards ? backwards : forwards;
  const sqlAfter = isWaiting ? waitingSql : settledSql;
  const outcomes = outcome === undefined ? ["sampled", "described", "failed", "pruned"] : [outcome];
  for (let last = after; ;) {
    const arrival = isWaiting ? [last?.seq] : [];
    const start = last === undefined ? [] : [last.at, ...arrival, bytesOf(last.raw)];
    const given = isWaiting ? start : [outcomes, ...start];
    const rows = await sql.all<Row>(sqlAfter(last, direction), [id, count, ...given]);
    for (const row of rows) yield (last = { ...row, raw: pathOf(row.raw) });
    if (rows.length < count) return;
  }
}

type Row = Omit<Cursor, "raw"> & { readonly raw: Buffer };

/** An order of an index, and what is true of those that come after another. */
const forwards = { order: "ASC", beyond: ">" };
const backwards = { order: "DESC", beyond: "<" };
type Direction = typeof forwards;

function waitingSql(after: Cursor | undefined, { order, beyond }: Direction): string {
  return `SELECT next_at AS at, seq, raw FROM files
    WHERE dataset = $1 AND next_at IS NOT NULL
      ${after === undefined ? "" : `AND (next_at, seq, raw) ${beyond} ($3, $4, $5)`}
    ORDER BY next_at ${order}, seq ${order}, raw ${order} LIMIT $2`;
}

/** Each outcome comes in order from the index, no more of it than there are places to read. */
function settledSql(after: Cursor | undefined, { order, beyond }: Direction): string {
  return `SELECT place.* FROM unnest($3::text[]) AS o (outcome) CROSS JOIN LATERAL (
      SELECT settled_at AS at, 0 AS seq, raw FROM files
      WHERE dataset = $1 AND counted = o.outcome AND settled_at IS NOT NULL
        ${after === undefined ? "" : `AND (settled_at, raw) ${beyond} ($4, $5)`}
      ORDER BY settled_at ${order}, raw ${order} LIMIT $2) AS place
    ORDER BY at ${order}, raw ${order} LIMIT $2`;
}

async function entriesAt(
  sql: Sql,
  id: number,
  places: readonly Cursor[],
): Promise<readonly ListedEntry[]> {
  const keys = places.map(({ raw }) => ({ dataset: id, raw: bytesOf(raw) }));
  const entries: ListedEntry[] = [];
  for await (const rows of rowsAt(sql, keys)) entries.push(...rows.map(entryOf));
  return entries;
}
