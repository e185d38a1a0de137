import type { Wait } from "../waits.ts";
import { setMeta, metaOf } from "./meta.ts";
import type { Db } from "./open.ts";

/** While datasets begin to wait, what is written is at most so old, ms. */
const WRITE_MS = 1000;

/** The datasets that wait, as the last pass left them. */
export function waitsIn(db: Db): readonly Wait[] {
  return JSON.parse(metaOf(db, "waits") ?? "[]") as Wait[];
}

/**
 * Makes the function that has the cache remember which datasets wait, for those who look. Nothing is
 * written where nothing has changed; `isLast`: now, and not only a while after the last time.
 */
export function rememberWaits(db: Db): (waits: readonly Wait[], isLast: boolean) => void {
  let written = metaOf(db, "waits") ?? "[]";
  let writtenAt = -Infinity;
  return (waits, isLast) => {
    if (!isLast && performance.now() - writtenAt < WRITE_MS) return;
    const text = JSON.stringify(waits);
    writtenAt = performance.now();
    if (text === written) return;
    setMeta(db, "waits", text);
    written = text;
  };
}
