import type { BackOff } from "../drain-store.ts";
import type { Sql } from "./connect.ts";
import { changeFiles } from "./file-rows.ts";
import { pathOf } from "../paths.ts";

/**
 * Makes a row due at `$3`, as if nothing had failed before. It gets another arrival number, so that
 * a try that is under way does not undo this. Lines count upwards from 1: this number is below 0,
 * and lower than any before.
 */
export const DUE_AGAIN = `next_at = least(files.next_at, $3), seq = least(-$3, files.seq - 1),
  attempts = 0, failed_at = NULL`;

/** Returns the next time after `now` at which something is due; both ms since epoch. */
export async function nextRetry(sql: Sql, now: number): Promise<number | undefined> {
  const next = await sql.get<{ at: number | null }>(
    `SELECT min(f.next_at) AS at FROM datasets AS d CROSS JOIN LATERAL (
       SELECT next_at FROM files WHERE dataset = d.id AND next_at > $1
       ORDER BY next_at LIMIT 1) AS f`,
    [now],
  );
  return next?.at ?? undefined;
}

/** Entries that are changed in one statement. */
const PAGE = 1000;

/**
 * Makes entries due at `now` (ms since epoch) that wait for a later time than any try can: the
 * clock was set back since. Returns their number.
 */
export async function bringForward(
  sql: Sql,
  now: number,
  { firstMs, longestMs }: BackOff,
): Promise<number> {
  let brought = 0;
  for (;;) {
    const late = await sql.all<{ dataset: number; raw: Buffer; nextAt: number }>(
      `SELECT f.* FROM datasets AS d CROSS JOIN LATERAL (
         SELECT dataset, raw, next_at AS "nextAt" FROM files
         WHERE dataset = d.id AND next_at > $1::bigint
           AND next_at > $1 + least($3::float8,
             $2::float8 * (1::bigint << least(greatest(attempts, 1) - 1, 30)))
         LIMIT ${PAGE}) AS f LIMIT ${PAGE}`,
      [now, firstMs, longestMs],
    );
    if (late.length === 0) return brought;
    brought += await changeFiles(sql, {
      rows: late.map(({ dataset, raw, nextAt }) => ({
        key: { dataset, raw: pathOf(raw) },
        next_at: nextAt,
      })),
      given: ["next_at"],
      // NULL stays so.
      set: "next_at = $3, failed_at = CASE WHEN files.failed_at > $3 THEN $3 ELSE files.failed_at END",
      where: "files.next_at = excluded.next_at",
      now,
    });
  }
}
