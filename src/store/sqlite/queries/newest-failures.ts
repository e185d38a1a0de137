import type { Failing, NewestFailure, NewestLine } from "../../rows.ts";
import { browse } from "./browse.ts";
import type { Db } from "../open.ts";
import { failureCodes } from "../../../errors.ts";
import { pathText } from "../../../lib/pep383.ts";
import { timeOf } from "../../listed.ts";
import { failingAmong, filledUp, newestByCode } from "../../newest.ts";

/**
 * The newest failures by code, at most `count` of each. They come from the newest ones of each
 * dataset; an index finds the rest where a code has too few there, in no order.
 */
export function newestFailures(
  db: Db,
  datasets: readonly Failing[],
  wanted: { readonly codes: readonly string[]; readonly count: number },
): ReadonlyMap<string, readonly NewestFailure[]> {
  const { failing, limit } = failingAmong(datasets);
  const newest = failing.flatMap(
    ({ dataset }) => browse(db, { dataset, outcome: "failed", limit }).entries,
  );
  const found = newestByCode(newest, wanted);
  for (const [code, ofCode] of found) {
    if (ofCode.length === wanted.count) continue;
    const others = someOf(db, failing, code, wanted.count);
    found.set(code, filledUp(ofCode, others, wanted.count));
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
      found.push({ ...rest, dataset, raw: pathText(raw), nextAt: timeOf(nextAt), at: timeOf(at) });
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
