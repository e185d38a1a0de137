import { untilThrown } from "../../lib/until-thrown.ts";
import type { CountedOutcome } from "../drain-store.ts";
import type { ForgetRawOptions, Forgettable, RemoveSample } from "../upkeep-store.ts";
import { noteChange } from "./changes.ts";
import type { Db, Sql } from "./connect.ts";
import { createCounts } from "./counts.ts";
import { bytesOf } from "../paths.ts";

interface Row {
  readonly raw: Buffer;
  readonly sample: string | null;
  readonly outcome: CountedOutcome;
}

const COLUMNS = "raw, sample, coalesce(counted, 'new') AS outcome";
/**
 * Entries that are forgotten in one transaction. While their samples are removed the server hears
 * nothing of us, which it bears for a few seconds.
 */
const PAGE = 100;

/** Counts what is known of a dataset, or of one of its raws. */
export async function forgettable(sql: Sql, dataset: number, raw?: string): Promise<Forgettable> {
  const [condition, values] = raw === undefined ? ["", []] : ["AND raw = $2", [bytesOf(raw)]];
  const known = await sql.get<Forgettable>(
    `SELECT count(*) AS entries, count(sample) AS samples,
       coalesce(sum(bytes) FILTER (WHERE sample IS NOT NULL), 0) AS bytes
     FROM files WHERE dataset = $1 ${condition}`,
    [dataset, ...values],
  );
  return known as Forgettable;
}

/** As `UpkeepStore.forgetRaw`. */
export function forgetRaw(
  db: Db,
  dataset: number,
  raw: string,
  { remove, now }: ForgetRawOptions,
): Promise<void> {
  const key = [dataset, bytesOf(raw)];
  return db.transaction(async (sql) => {
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM files WHERE dataset = $1 AND raw = $2 FOR UPDATE`,
      key,
    );
    await sql.run(
      `INSERT INTO forgotten (dataset, raw, mtime, at)
       SELECT dataset, raw, mtime, $3 FROM files WHERE dataset = $1 AND raw = $2
       ON CONFLICT (dataset, raw) DO UPDATE SET mtime = excluded.mtime, at = excluded.at`,
      [...key, now],
    );
    const { failure } = await forgetRows(sql, dataset, rows, remove);
    if (failure !== undefined) throw failure;
    await noteChange(sql);
  });
}

/** As `UpkeepStore.forgetSome`. */
export async function forgetSome(db: Db, dataset: number, remove: RemoveSample): Promise<number> {
  const { count, failure } = await db.transaction(async (sql) => {
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM files WHERE dataset = $1 ORDER BY raw LIMIT $2 FOR UPDATE`,
      [dataset, PAGE],
    );
    return { count: rows.length, ...(await forgetRows(sql, dataset, rows, remove)) };
  });
  if (failure !== undefined) throw failure;
  return count;
}

/**
 * Forgets rows that are locked, each after its sample was removed. Returns an error instead of
 * throwing it, so that what was done before is kept.
 */
async function forgetRows(
  sql: Sql,
  dataset: number,
  rows: readonly Row[],
  remove: RemoveSample,
): Promise<{ readonly failure: unknown }> {
  const { done, failure } = untilThrown(rows, ({ sample }) => {
    if (sample !== null) remove(sample);
  });
  await sql.run("DELETE FROM files WHERE dataset = $1 AND raw = ANY ($2::bytea[])", [
    dataset,
    done.map(({ raw }) => raw),
  ]);
  const counts = createCounts();
  for (const { outcome } of done) counts.moved(dataset, outcome, undefined);
  await counts.save(sql);
  return { failure };
}

/** Tables that can have many rows of a dataset. */
const LARGE = [
  "names",
  "rejected",
  "acknowledged_lines",
  "forgotten",
  "series",
  "raw_directories",
  "raw_names",
  "raw_resting",
];

/** Forgets the rest of a dataset: names, checkpoints, bad lines, counts. `now` is ms since epoch. */
export async function forgetRest(db: Db, dataset: number, now: number): Promise<void> {
  // One at a time: those who read the same manifest take these rows in another order.
  for (const table of LARGE) await db.run(`DELETE FROM ${table} WHERE dataset = $1`, [dataset]);
  await db.transaction(async (sql) => {
    for (const table of ["checkpoints", "totals", "verdicts", "counts"])
      await sql.run(`DELETE FROM ${table} WHERE dataset = $1`, [dataset]);
    await sql.run("UPDATE datasets SET forgotten_at = $2 WHERE id = $1", [dataset, now]);
    await noteChange(sql);
  });
}
