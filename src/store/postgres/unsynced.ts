import type { Unsynced } from "../upkeep-store.ts";
import type { Db, Sql } from "./connect.ts";
import { changeFiles, type FileKey } from "./file-rows.ts";
import { bytesOf, pathOf } from "./paths.ts";

/**
 * Notes that samples are published but may not be on stable storage yet, in the transaction that
 * settles them; `now` is ms since epoch.
 */
export async function addUnsynced(
  sql: Sql,
  samples: readonly FileKey[],
  now: number,
): Promise<void> {
  if (samples.length === 0) return;
  await sql.run(
    `INSERT INTO unsynced (dataset, raw, at)
     SELECT dataset, raw, $3 FROM unnest($1::int[], $2::bytea[]) AS t (dataset, raw)`,
    [samples.map(({ dataset }) => dataset), samples.map(({ raw }) => bytesOf(raw)), now],
  );
}

/** Samples that were settled and not synced, oldest first. */
export function firstUnsynced(sql: Sql, limit: number): Promise<readonly Unsynced[]> {
  return sql.all(
    `SELECT u.id, u.at, d.name AS dataset, f.bytes, coalesce(f.settled_at, 0) AS "settledAt",
       CASE WHEN f.outcome = 'sampled' AND f.next_at IS NULL THEN f.sample END AS sample
     FROM (SELECT * FROM unsynced ORDER BY id LIMIT $1) AS u
       LEFT JOIN datasets AS d ON d.id = u.dataset
       LEFT JOIN LATERAL (
         SELECT bytes, settled_at, outcome, next_at, sample FROM files
         WHERE dataset = u.dataset AND raw = u.raw LIMIT 1) AS f ON true
     ORDER BY u.id`,
    [limit],
  );
}

/**
 * Removes `done`; no others, since numbers do not come in their order from several processes. Makes
 * those of `redo`, which are among them, due at `now` (ms since epoch), in one transaction; returns
 * the number that became due.
 */
export function finishSync(
  db: Db,
  done: readonly Unsynced[],
  redo: readonly Unsynced[],
  now: number,
): Promise<number> {
  return db.transaction(async (sql) => {
    const wrong = await sql.all<{ dataset: number; raw: Buffer }>(
      "SELECT DISTINCT dataset, raw FROM unsynced WHERE id = ANY ($1)",
      [redo.map(({ id }) => id)],
    );
    // Its name and version stay: decide and settle see an entry that waits, as after a new line.
    const due = await changeFiles(sql, {
      rows: wrong.map(({ dataset, raw }) => ({ key: { dataset, raw: pathOf(raw) } })),
      given: [],
      set: "next_at = $3, attempts = 0, failed_at = NULL",
      where: "files.outcome = 'sampled' AND files.next_at IS NULL",
      now,
    });
    await sql.run("DELETE FROM unsynced WHERE id = ANY ($1)", [done.map(({ id }) => id)]);
    return due;
  });
}
