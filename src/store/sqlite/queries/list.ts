import type { ListFilter, ListedEntry } from "../../rows.ts";
import { pathText } from "../../../lib/pep383.ts";
import { entryOf, type ListedRow } from "../../listed.ts";
import { datasetsIn } from "../datasets.ts";
import type { Verdict } from "../../types.ts";
import type { Db } from "../open.ts";

/** Entries that are read at once; no read transaction is open in between. */
const PAGE = 1000;
/** Entries of a page when the newest come first, where each page is a look at everything. */
const NEWEST_PAGE = 10_000;
/** Time at which an entry was last settled; one that never was counts from when it became due. */
const SETTLED_AT = "coalesce(f.settled_at, f.next_at)";

/** Yields entries by dataset and raw, or newest first; conditions are looked at in the database. */
export function* listEntries(db: Db, filter: ListFilter): Generator<ListedEntry, void, void> {
  let left = filter.limit ?? Infinity;
  const pages = filter.isNewestFirst === true ? newestPages(db, filter) : pagesByName(db, filter);
  for (const page of pages) {
    for (const row of page) {
      if (left <= 0) return;
      left -= 1;
      yield entryOf(row);
    }
    if (left <= 0) return;
  }
}

function* pagesByName(db: Db, filter: ListFilter): Generator<ListedRow[], void, void> {
  const { outcome, validation, code, since } = filter;
  const limit = Math.min(filter.limit ?? PAGE, PAGE);
  const select = db.prepare(
    `SELECT f.*, @name AS dataset_name FROM files AS f ${indexFor(filter)}
     WHERE f.dataset = @id AND f.raw > @after ${conditions(db, filter)}
     ORDER BY f.raw LIMIT @limit`,
  );
  for (const { id, name } of datasetsIn(db, filter.hasDataset ?? (() => true))) {
    for (let after: string | Buffer | undefined = ""; after !== undefined;) {
      const rows = select.all({
        id,
        name,
        after,
        limit,
        outcome,
        validation,
        code,
        since,
      }) as ListedRow[];
      yield rows;
      after = rows.length < limit ? undefined : rows.at(-1)?.raw;
    }
  }
}

function* newestPages(db: Db, filter: ListFilter): Generator<ListedRow[], void, void> {
  const { outcome, validation, code, since } = filter;
  const limit = Math.min(filter.limit ?? NEWEST_PAGE, NEWEST_PAGE);
  const ids = JSON.stringify(datasetsIn(db, filter.hasDataset ?? (() => true)).map(({ id }) => id));
  const select = db.prepare(
    `SELECT f.*, d.name AS dataset_name, ${SETTLED_AT} AS at
     FROM files AS f JOIN datasets AS d ON d.id = f.dataset
     WHERE f.dataset IN (SELECT value FROM json_each(@ids)) ${conditions(db, filter)}
       AND (${SETTLED_AT}, f.dataset, f.raw) < (@at, @dataset, @raw)
     ORDER BY ${SETTLED_AT} DESC, f.dataset DESC, f.raw DESC LIMIT @limit`,
  );
  const first = { at: Number.MAX_SAFE_INTEGER, dataset: 0, raw: "" };
  for (let before: typeof first | ListedRow | undefined = first; before !== undefined;) {
    const { at, dataset, raw } = before;
    const place = { at, dataset, raw };
    const rows = select.all({
      ...place,
      ids,
      limit,
      outcome,
      validation,
      code,
      since,
    }) as ListedRow[];
    yield rows;
    before = rows.length < limit ? undefined : rows.at(-1);
  }
}

/** Rows that the index `refuted` has: as it says it. */
const REFUTED = "f.validation IN ('failed', 'error')";

function isRefuted(validation: Verdict | undefined): boolean {
  return validation === "failed" || validation === "error";
}

/** The index of the few that a filter asks for. */
function indexFor({ code, validation }: ListFilter): string {
  if (code !== undefined) return "INDEXED BY failed";
  return isRefuted(validation) ? "INDEXED BY refuted" : "";
}

/**
 * Conditions of a filter. The plus keeps SQLite from an index whose rows would have to be sorted
 * again for each page.
 */
function conditions(
  db: Db,
  { outcome, validation, code, since, hasRaw, hasFormat }: ListFilter,
): string {
  const all: string[] = [];
  if (outcome === "waiting") all.push("+f.next_at IS NOT NULL");
  else if (outcome !== undefined) all.push("f.counted = @outcome");
  if (validation !== undefined) {
    all.push("f.validation = @validation");
    if (isRefuted(validation)) all.push(REFUTED);
  }
  if (code !== undefined) all.push("f.code = @code");
  if (since !== undefined) all.push("f.settled_at >= @since");
  if (hasFormat !== undefined) {
    db.function("has_format", (format, sample) =>
      Number(format !== null && hasFormat(String(format), sample as string | null)),
    );
    all.push("has_format(f.format, f.sample)");
  }
  if (hasRaw !== undefined) {
    db.function("has_raw", (raw) => Number(hasRaw(pathText(raw as string | Buffer))));
    all.push("has_raw(f.raw)");
  }
  return all.map((condition) => `AND ${condition}`).join(" ");
}

/** The formats that samples have, sorted; looks at every entry. */
export function formatsOf(db: Db): string[] {
  const select = "SELECT DISTINCT format FROM files WHERE format IS NOT NULL ORDER BY format";
  return db.prepare(select).pluck().all() as string[];
}
