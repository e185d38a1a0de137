import type { Db, Sql } from "./connect.ts";

/** The mask that all samples of a dataset were made under, by dataset; without those that have none. */
export async function masksIn(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const found = await sql.all<{ name: string; mask: string }>(
    "SELECT name, mask FROM datasets WHERE mask IS NOT NULL ORDER BY id",
  );
  return new Map(found.map(({ name, mask }) => [name, mask]));
}

/** True when an entry has this sample, below `samples/`, and it was made under the mask. */
export async function isMadeUnder(
  sql: Sql,
  dataset: number,
  sample: string,
  mask: string | null,
): Promise<boolean> {
  const found = await sql.get(
    `SELECT 1 FROM files WHERE dataset = $1 AND sample = $2 AND mask IS NOT DISTINCT FROM $3 AND
       raw = (SELECT raw FROM names WHERE dataset = $1 AND name = $2 AND NOT is_folded)`,
    [dataset, sample, mask],
  );
  return found !== undefined;
}

/** Entries that are changed in one transaction. */
const PAGE = 1000;

/** As `UpkeepStore.redoOthers`. */
export async function redoOthers(
  db: Db,
  dataset: number,
  mask: string | null,
  now: number,
): Promise<number> {
  let due = 0;
  for (let after: Buffer = Buffer.alloc(0); ;) {
    // By the whole key: a dataset alone looks small to statistics of an empty table.
    const end = await db.get<{ raw: Buffer }>(
      `SELECT raw FROM (SELECT dataset, raw FROM files WHERE (dataset, raw) > ($1, $2)
         ORDER BY dataset, raw LIMIT ${PAGE}) AS f
       WHERE dataset = $1 ORDER BY raw DESC LIMIT 1`,
      [dataset, after],
    );
    if (end === undefined) return due;
    due += await redoPage(db, [dataset, after, end.raw, mask], now);
    after = end.raw;
  }
}

/** Does so for the entries of a page: those of a dataset after a raw, up to another. */
function redoPage(
  db: Db,
  page: readonly [number, Buffer, Buffer, string | null],
  now: number,
): Promise<number> {
  const isOther = `dataset = $1 AND raw > $2 AND raw <= $3 AND mask IS DISTINCT FROM $4
    AND (outcome = 'sampled' OR sample IS NOT NULL OR message IS NOT NULL)`;
  return db.transaction(async (sql) => {
    const lock = `SELECT 1 FROM files WHERE ${isOther} ORDER BY raw FOR UPDATE`;
    if ((await sql.run(lock, page)) === 0) return 0;
    // Name, version and outcome stay: decide and settle see an entry that waits, as after a new line.
    const changed = await sql.all<{ outcome: string | null }>(
      `UPDATE files SET sample = NULL, bytes = NULL, rows = NULL, reason = NULL, message = NULL,
         mask = NULL,
         next_at = CASE WHEN outcome = 'sampled' THEN coalesce(next_at, $5) ELSE next_at END
       WHERE ${isOther} RETURNING outcome`,
      [...page, now],
    );
    return changed.filter(({ outcome }) => outcome === "sampled").length;
  });
}

/**
 * Notes that all samples of a dataset were made under a mask, and forgets the shapes of its files:
 * other names may be hidden.
 */
export function setMask(db: Db, dataset: number, mask: string | null): Promise<void> {
  return db.transaction(async (sql) => {
    await sql.run("DELETE FROM series WHERE dataset = $1", [dataset]);
    await sql.run("UPDATE datasets SET mask = $2 WHERE id = $1", [dataset, mask]);
  });
}
