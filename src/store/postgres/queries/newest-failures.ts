import { failureCodes } from "../../../errors.ts";
import { entryOf, type ListedRow, timeOf } from "../../listed.ts";
import { failingAmong, filledUp, newestByCode } from "../../newest.ts";
import type { CodeCount, Failing, NewestFailure, NewestLine } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { pathOf } from "../../paths.ts";

/**
 * The newest failures by code, at most `count` of each. They come from the newest ones of each
 * dataset; an index finds the rest where a code has too few there, in no order of time.
 */
export async function newestFailures(
  sql: Sql,
  datasets: readonly Failing[],
  wanted: { readonly codes: readonly string[]; readonly count: number },
): Promise<ReadonlyMap<string, readonly NewestFailure[]>> {
  const { count } = wanted;
  const { failing, limit } = failingAmong(datasets);
  const names = failing.map(({ dataset }) => dataset);
  const found = newestByCode(await newestOf(sql, names, limit), wanted);
  const few = wanted.codes.filter((code) => (found.get(code)?.length ?? 0) < count);
  if (few.length === 0 || names.length === 0) return found;
  const others = await someOf(sql, names, few, count);
  for (const code of few) {
    const ofCode = others.filter((each) => each.code === code).slice(0, count);
    found.set(code, filledUp(found.get(code) ?? [], ofCode, count));
  }
  return found;
}

/** Numbers of a dataset's failures by code, most first. */
export async function countsByCode(sql: Sql, dataset: number): Promise<readonly CodeCount[]> {
  // Code by code: the index begins with it.
  const counts = await sql.all<CodeCount>(
    `SELECT c.code, n.entries FROM unnest($2::text[]) WITH ORDINALITY AS c (code, i)
     CROSS JOIN LATERAL (
       SELECT count(*) AS entries FROM files WHERE code = c.code AND dataset = $1) AS n
     WHERE n.entries > 0 ORDER BY n.entries DESC, c.i`,
    [dataset, failureCodes],
  );
  return counts;
}

/** The manifest lines that were rejected last. */
export function newestLines(
  sql: Sql,
  count: number,
  dataset?: string,
): Promise<readonly NewestLine[]> {
  const of =
    dataset === undefined ? "" : "WHERE dataset = (SELECT id FROM datasets WHERE name = $2)";
  return sql.all(
    `SELECT d.name AS dataset, r.path, r.line, r."offset", r.reason, r.at
     FROM (SELECT * FROM rejected ${of} ORDER BY id DESC LIMIT $1) AS r
       JOIN datasets AS d ON d.id = r.dataset ORDER BY r.id DESC`,
    [count, ...(dataset === undefined ? [] : [dataset])],
  );
}

/** The newest failures of each of some datasets, at most `limit` of each. */
async function newestOf(
  sql: Sql,
  datasets: readonly string[],
  limit: number,
): Promise<readonly NewestFailure[]> {
  const rows = await sql.all<ListedRow>(
    `SELECT f.*, d.name AS dataset_name FROM unnest($1::text[]) WITH ORDINALITY AS w (name, i)
       JOIN datasets AS d ON d.name = w.name AND d.forgotten_at IS NULL
       CROSS JOIN LATERAL (
         SELECT * FROM files WHERE dataset = d.id AND counted = 'failed' AND settled_at IS NOT NULL
         ORDER BY settled_at DESC, raw DESC LIMIT $2) AS f
     ORDER BY w.i, f.settled_at DESC, f.raw DESC`,
    [datasets, limit],
  );
  return rows.map(entryOf);
}

/** Some failures with each of these codes, dataset by dataset, at most `count` of each dataset. */
async function someOf(
  sql: Sql,
  datasets: readonly string[],
  codes: readonly string[],
  count: number,
): Promise<readonly NewestFailure[]> {
  const rows = await sql.all<Row>(
    `SELECT d.name AS dataset, f.* FROM unnest($1::text[]) WITH ORDINALITY AS w (name, i)
       JOIN datasets AS d ON d.name = w.name CROSS JOIN unnest($2::text[]) AS c (code)
       CROSS JOIN LATERAL (
         SELECT raw, code, message, attempts, next_at AS "nextAt", settled_at AS at
         FROM files WHERE code = c.code AND dataset = d.id ORDER BY raw LIMIT $3) AS f
     ORDER BY w.i, f.raw`,
    [datasets, codes, count],
  );
  return rows.map(({ raw, nextAt, at, ...rest }) =>
    Object.assign(rest, { raw: pathOf(raw), nextAt: timeOf(nextAt), at: timeOf(at) }),
  );
}

interface Row {
  readonly dataset: string;
  readonly raw: Buffer;
  readonly code: string;
  readonly message: string | null;
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly at: number | null;
}
