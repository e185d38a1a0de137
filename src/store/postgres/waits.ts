import type { Wait } from "../waits.ts";
import type { Sql } from "./connect.ts";
import { metaOf, setMeta } from "./meta.ts";

/** Minimum time between two writes while datasets begin to wait, ms. */
const WRITE_MS = 1000;
const NONE = "[]";

/** The datasets that wait, as the last pass left them. */
export async function waitsIn(sql: Sql): Promise<readonly Wait[]> {
  return JSON.parse((await metaOf(sql, "waits")) ?? NONE) as Wait[];
}

/**
 * Creates the function by which the database remembers the datasets that wait, for those who look.
 * It writes nothing where nothing has changed. With `isLast` it writes now; otherwise not before a
 * while has passed since the last time.
 */
export function rememberWaits(
  sql: Sql,
): (waits: readonly Wait[], isLast: boolean) => Promise<void> {
  let written: string | undefined;
  let writtenAt = -Infinity;
  return async (waits, isLast) => {
    if (!isLast && performance.now() - writtenAt < WRITE_MS) return;
    const text = JSON.stringify(waits);
    writtenAt = performance.now();
    written ??= (await metaOf(sql, "waits")) ?? NONE;
    if (text === written) return;
    await setMeta(sql, "waits", text);
    written = text;
  };
}
