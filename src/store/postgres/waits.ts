import type { Wait } from "../waits.ts";
import type { Sql } from "./connect.ts";
import { setMeta } from "./meta.ts";

/** Minimum time between two writes while datasets begin to wait, ms. */
const WRITE_MS = 1000;
const NONE = "[]";
/** Time after the last sign of life of any host from which another one counts as gone, ms. */
const SILENT_MS = 60_000;

/** The datasets that wait, as the last pass of each host that works left them; the newest of each. */
export async function waitsIn(sql: Sql): Promise<readonly Wait[]> {
  const rows = await sql.all<{ value: string }>(
    `SELECT f.value FROM facts AS f LEFT JOIN hosts AS h ON h.id = f.host
     WHERE f.key = 'waits' AND f.value <> '${NONE}' AND (f.host = 0 OR h.seen_at > (
       SELECT max(seen_at) FROM hosts) - ${SILENT_MS})`,
  );
  const all = rows.flatMap(({ value }) => JSON.parse(value) as Wait[]);
  return [
    ...new Map(all.toSorted((a, b) => a.at - b.at).map((wait) => [wait.dataset, wait])).values(),
  ];
}

/**
 * Creates the function by which the database remembers the datasets that wait, for those who look.
 * It writes nothing where nothing has changed. With `isLast` it writes now; otherwise not before a
 * while has passed since the last time.
 */
export function rememberWaits(
  sql: Sql,
  host: number,
): (waits: readonly Wait[], isLast: boolean) => Promise<void> {
  let written: string | undefined;
  let writtenAt = -Infinity;
  return async (waits, isLast) => {
    if (!isLast && performance.now() - writtenAt < WRITE_MS) return;
    const text = JSON.stringify(waits);
    writtenAt = performance.now();
    if (text === written) return;
    await setMeta(sql, "waits", text, host);
    written = text;
  };
}
