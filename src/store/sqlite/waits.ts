import type { Wait } from "../waits.ts";
import { setMeta, metaOf } from "./meta.ts";
import type { Db } from "./open.ts";

/** Minimum time between two writes while datasets begin to wait, ms. */
const WRITE_MS = 1000;

/** The datasets that wait, as the last pass left them. */
export function waitsIn(db: Db): readonly Wait[] {
  return JSON.parse(metaOf(db, "waits") ?? "[]") as Wait[];
}

/**
 * Creates the function by which the cache remembers the datasets that wait, for those who look. It
 * writes nothing where nothing has changed. With `isLast` it writes now; otherwise not before a
 * while has passed since the last time.
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
