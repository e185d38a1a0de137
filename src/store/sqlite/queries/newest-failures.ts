import type { Failing, NewestFailure, NewestLine } from "../../rows.ts";
import { browse } from "./browse.ts";
import type { Db } from "../open.ts";
import { failureCodes } from "../../../errors.ts";
import { pathText } from "../../../lib/pep383.ts";

/** Entries that are looked at to find the newest ones: in all, and for one dataset at least. */
const LOOKED_AT = 500;
const LEAST_OF_ONE = 10;

/**
 * The newest failures by code, at most `count` of each. They come from the newest ones of each
 * dataset; an index finds the rest where a code has too few there, in no order.
 */
export function newestFailures(
  db: Db,
  datasets: readonly Failing[],
  { codes, count }: { readonly codes: readonly string[]; readonly count: number },
): ReadonlyMap<string, readonly NewestFailure[]> {
  const failing = datasets.filter(({ failed }) => failed > 0).slice(0, LOOKED_AT / LEAST_OF_ONE);
  const limit = Math.ceil(LOOKED_AT / Math.max(1, failing.length));
  const newest = failing
    .flatMap(({ dataset }) => browse(db, { dataset, outcome: "failed", limit }).entries)
    .toSorted((a, b) => ((a.at ?? "") < (b.at ?? "") ? 1 : -1));
  const found = new Map<string, readonly NewestFailure[]>();
  for (const code of codes) {
    const ofCode = newest.filter((entry) => entry.code === code).slice(0, count);
    const known = new Set(ofCode.map(keyOf));
    const more = ofCode.length < count ? someOf(db, failing, code, count) : [];
    found.set(code, [...ofCode, ...more.filter((each) => !known.has(keyOf(each)))].slice(0, count));
  }
  return found;
}

/** Numbers of a dataset's failures by code, most first. */
export function countsByCode(
  db: Db,
  dataset: string,
): readonly { readonly code: string; readonly entries: number }[] {
  // Code by code: the index begins with it.
  const count = db
    .prepare(
      `SELECT count(*) FROM files INDEXED BY failed
       WHERE code = ? AND dataset = (SELECT id FROM datasets WHERE name = ?)`,
    )
    .pluck();
  return failureCodes
    .map((code) => ({ code, entries: count.get(code, dataset) as number }))
    .filter(({ entries }) => entries > 0)
    .toSorted((a, b) => b.entries - a.entries);
}

/** The manifest lines that were rejected last. */
export function newestLines(db: Db, count: number, dataset?: string): NewestLine[] {
  const [index, of] =
    dataset === undefined
      ? ["NOT INDEXED", ""]
      : ["INDEXED BY rejected_of", "WHERE r.dataset = (SELECT id FROM datasets WHERE name = ?)"];
  return db
    .prepare(
      `SELECT d.name AS dataset, r.path, r.line, r.offset, r.reason, r.at
       FROM rejected AS r ${index} CROSS JOIN datasets AS d ON d.id = r.dataset ${of}
       ORDER BY r.id DESC LIMIT ${count}`,
    )
    .all(...(dataset === undefined ? [] : [dataset])) as NewestLine[];
}

function keyOf({ dataset, raw }: NewestFailure): string {
  return `${dataset}/${raw}`;
}

function someOf(
  db: Db,
  datasets: readonly Failing[],
  code: string,
  count: number,
): NewestFailure[] {
  const select = db.prepare(
    `SELECT raw, code, message, attempts, next_at AS nextAt, settled_at AS at
     FROM files INDEXED BY failed
     WHERE code = ? AND dataset = (SELECT id FROM datasets WHERE name = ?) LIMIT ?`,
  );
  const found: NewestFailure[] = [];
  for (const { dataset } of datasets) {
    if (found.length >= count) break;
    for (const row of select.all(code, dataset, count - found.length) as Row[]) {
      const { raw, nextAt, at, ...rest } = row;
      found.push({ ...rest, dataset, raw: pathText(raw), nextAt: iso(nextAt), at: iso(at) });
    }
  }
  return found;
}

interface Row {
  readonly raw: string | Buffer;
  readonly code: string;
  readonly message: string | null;
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly at: number | null;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
