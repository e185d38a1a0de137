import type { BackOff } from "../drain-store.ts";
import { pathBytes } from "../../lib/pep383.ts";
import type { Db } from "./open.ts";

/**
 * Makes a row due at `@now`, as if nothing had failed before. It gets another arrival number, so
 * that a try that is under way does not undo this. Lines count upwards from 1: this number is below
 * 0, and lower than any before.
 */
export const DUE_AGAIN = `next_at = min(coalesce(next_at, @now), @now),
  seq = min(-@now, seq - 1), attempts = 0, failed_at = NULL`;

/** Makes entries due again, in one transaction; returns their number. `now` is ms since epoch. */
export function makeDue(
  db: Db,
  {
    dataset,
    raws,
    now,
  }: { readonly dataset: number; readonly raws: readonly string[]; readonly now: number },
): number {
  const update = db.prepare(
    `UPDATE files SET ${DUE_AGAIN} WHERE dataset = @dataset AND raw = @raw`,
  );
  const all = db.transaction((): number =>
    raws.reduce((sum, raw) => sum + update.run({ dataset, raw: pathBytes(raw), now }).changes, 0),
  );
  return all.immediate();
}

/**
 * Makes entries due at `now` (ms since epoch) that wait for a later time than any try can: the
 * clock was set back since. Returns their number.
 */
export function bringForward(db: Db, now: number, backOff: BackOff): number {
  const bring = db.prepare(
    `UPDATE files INDEXED BY due SET next_at = @now, failed_at = min(failed_at, @now)
     WHERE dataset IN (SELECT id FROM datasets) AND next_at > @now
       AND next_at > @now + min(@longestMs, @firstMs * (1 << min(max(attempts, 1) - 1, 30)))`,
  );
  return bring.run({ now, ...backOff }).changes;
}
