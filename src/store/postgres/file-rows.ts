import type { Claim } from "../drain-store.ts";
import type { Sql } from "./connect.ts";
import type { Datasets } from "./datasets.ts";
import { bytesOf } from "../paths.ts";

/** The key of a row of `files`. */
export interface FileKey {
  readonly dataset: number;
  readonly raw: string;
}

/** Gives the key of its row to what holds a claim. */
export async function keyed<T extends { readonly claim: Claim }>(
  { idOf }: Pick<Datasets, "idOf">,
  all: readonly T[],
): Promise<readonly (T & { readonly key: FileKey })[]> {
  const found: (T & { readonly key: FileKey })[] = [];
  for (const each of all) {
    const { dataset, raw } = each.claim.job;
    found.push(Object.assign({ key: { dataset: await idOf(dataset), raw } }, each));
  }
  return found;
}

/** Columns whose values come with the rows, and their types. */
const TYPES = {
  mtime: "double precision",
  seq: "bigint",
  inode: "text",
  next_at: "bigint",
  outcome: "text",
  sample: "text",
  format: "text",
  rows: "bigint",
  bytes: "bigint",
  source_size: "bigint",
  reason: "text",
  sampled_from: "text",
  validation: "text",
  mask: "text",
  code: "text",
  message: "text",
  attempts: "integer",
  failed_at: "bigint",
} as const;
type Column = keyof typeof TYPES;

/** Columns that a row cannot be without. */
const NEEDED = ["bronze", "mtime", "seq", "name"];

/** A change of rows that are known by their keys. */
export interface FileChange<C extends Column> {
  /** Each of them once, with its values. */
  readonly rows: readonly ({ readonly key: FileKey } & Readonly<
    Record<C, string | number | null>
  >)[];
  /** The columns that come with the rows: `excluded` has them. */
  readonly given: readonly C[];
  /** As SQL has it: `files` is the row as it is, `$3` is `now`. */
  readonly set: string;
  /** The rows that change; all when not given. */
  readonly where?: string;
  /** ms since epoch. */
  readonly now?: number;
}

/**
 * Changes rows in one statement, which takes them in the order in which everybody does; returns the
 * number of those that changed. A row that is gone stays so.
 */
export async function changeFiles<C extends Column>(
  sql: Sql,
  { rows, given, set, where = "true", now }: FileChange<C>,
): Promise<number> {
  if (rows.length === 0) return 0;
  const arrays = given.map((column, i) => `, $${i + 4}::${TYPES[column]}[]`).join("");
  const columns = given.map((column) => `, ${column}`).join("");
  const kept = NEEDED.filter((column) => !(given as readonly string[]).includes(column));
  const values = [...kept.map((column) => `f.${column}`), ...given.map((column) => `w.${column}`)];
  // By way of an insertion, which goes by the key whatever statistics say: an UPDATE ... FROM would
  // join with all rows. None is inserted, since only rows that are there, and locked, are proposed.
  return await sql.run(
    `INSERT INTO files (dataset, raw, ${kept.join(", ")}${columns})
     SELECT w.dataset, w.raw, ${values.join(", ")}
     FROM (SELECT *, $3::bigint AS now FROM unnest($1::int[], $2::bytea[]${arrays})
         AS t (dataset, raw${columns}) ORDER BY dataset, raw) AS w
       CROSS JOIN LATERAL (
         SELECT ${kept.join(", ")} FROM files
         WHERE dataset = w.dataset AND raw = w.raw FOR UPDATE) AS f
     ON CONFLICT (dataset, raw) DO UPDATE SET ${set} WHERE ${where}`,
    [
      ...keysOf(rows.map(({ key }) => key)),
      now,
      ...given.map((column) => rows.map((row) => row[column])),
    ],
  );
}

/**
 * Locks rows until the transaction ends, in the order in which everybody takes them. Returns columns
 * of each in the order of the keys; undefined for one that is not there.
 */
export async function lockFiles<Row>(
  sql: Sql,
  keys: readonly FileKey[],
  columns: string,
): Promise<readonly (Row | undefined)[]> {
  if (keys.length === 0) return [];
  const rows = await sql.all<Row & { readonly at: number }>(
    `SELECT w.at, f.*
     FROM (SELECT * FROM unnest($1::int[], $2::bytea[]) WITH ORDINALITY AS t (dataset, raw, at)
         ORDER BY dataset, raw) AS w
       CROSS JOIN LATERAL (SELECT ${columns} FROM files
         WHERE dataset = w.dataset AND raw = w.raw FOR UPDATE) AS f`,
    keysOf(keys),
  );
  const found = new Map(rows.map((row) => [row.at, row]));
  return keys.map((_, i) => found.get(i + 1));
}

/** Keys as parameters: datasets and raws. */
function keysOf(keys: readonly FileKey[]): [readonly number[], readonly Buffer[]] {
  return [keys.map(({ dataset }) => dataset), keys.map(({ raw }) => bytesOf(raw))];
}
