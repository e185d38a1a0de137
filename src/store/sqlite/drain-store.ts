import type { DrainStore } from "../drain-store.ts";
import { claimOf } from "./claim.ts";
import { datasetsOf } from "./datasets.ts";
import { bringForward } from "./due.ts";
import { renameOf } from "./names.ts";
import type { Db } from "./open.ts";
import { nextRetryOf } from "./queries/totals.ts";
import { settleFoundOf } from "./settle-found.ts";
import { settleOf } from "./settle.ts";

const BATCH_MS = 200;

/** Drain's part of a cache. */
export function drainStore(db: Db): DrainStore {
  const { idOf } = datasetsOf(db);
  const claim = claimOf(db);
  const rename = renameOf(db);
  const settle = settleOf(db);
  const found = settleFoundOf(db);
  const nextRetry = nextRetryOf(db);
  return {
    claim: async (options) => claim(options),
    batchMs: () => BATCH_MS,
    rename: async ({ job: { dataset, raw } }, names, extension) =>
      rename(idOf(dataset), raw, names, extension),
    settle: async (settled, now) => settle(settled, now),
    confirm: async (claims, now) => found.confirm(claims, now),
    moved: async (claims, now) => found.moved(claims, now),
    postpone: async (postponed, now) => found.postpone(postponed, now),
    nextRetry: async (now) => nextRetry(now),
    bringForward: async (now, backOff) => bringForward(db, now, backOff),
  };
}
