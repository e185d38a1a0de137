import type { Unsynced } from "../upkeep-store.ts";
import type { Db, Sql } from "./connect.ts";
import { changeFiles, type FileKey } from "./file-rows.ts";
import { bytesOf, pathOf } from "../paths.ts";

/**
 * Notes that samples are published but may not be on stable storage yet, in the transaction that
 * settles them; `now` is ms since epoch. `host` made them: 0 for any.
 */
export async function addUnsynced(
  sql: Sql,
  samples: readonly FileKey[],
  { now, host }: { readonly now: number; readonly host: number },
): Promise<void> {
  if (samples.length === 0) return;
  await sql.run(
    `INSERT INTO unsynced (dataset, raw, at, host)
     SELECT dataset, raw, $3, $4 FROM unnest($1::int[], $2::bytea[]) AS t (dataset, raw)`,
    [samples.map(({ dataset }) => dataset), samples.map(({ raw }) => bytesOf(raw)), now, host],
  );
}

/** Samples of a host, and of none, that were settled and not synced, oldest first. */
export function firstUnsynced(sql: Sql, host: number, limit: number): Promise<readonly Unsynced[]> {
  return sql.all(
    `SELECT u.id, u.at, d.name AS dataset, f.bytes, coalesce(f.settled_at, 0) AS "settledAt",
       CASE WHEN f.outcome = 'sampled' AND f.next_at IS NULL THEN f.sample END AS sample
     FROM (SELECT u.* FROM (SELECT 0 AS host UNION SELECT $2::int) AS h CROSS JOIN LATERAL (
         SELECT * FROM unsynced WHERE host = h.host ORDER BY id LIMIT $1) AS u
       ORDER BY id LIMIT $1) AS u
       LEFT JOIN datasets AS d ON d.id = u.dataset
       LEFT JOIN LATERAL (
         SELECT bytes, settled_at, outcome, next_at, sample FROM files
         WHERE dataset = u.dataset AND raw = u.raw LIMIT 1) AS f ON true
     ORDER BY u.id`,
    [limit, host],
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

/** Time after its last sign of life from which a host's samples are another one's to look after, ms. */
const GONE_MS = 600_000;

/** Has a host look after the samples of those that are gone, and may have gone with a power loss. */
export async function adoptUnsynced(sql: Sql, host: number): Promise<void> {
  await sql.run(
    `UPDATE unsynced SET host = $1 WHERE host IN (
       SELECT id FROM hosts WHERE id <> $1 AND seen_at < (
         SELECT max(seen_at) FROM hosts) - ${GONE_MS})`,
    [host],
  );
}
