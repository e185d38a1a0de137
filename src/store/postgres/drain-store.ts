import type { DrainStore } from "../drain-store.ts";
import { createSerial } from "../../lib/serial.ts";
import { claimOf } from "./claim.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { bringForward, nextRetry } from "./due.ts";
import { rename } from "./names.ts";
import { settleFoundOf } from "./settle-found.ts";
import { settle } from "./settle.ts";

/** Drain's part of a database. */
export function drainStore(db: Db): DrainStore {
  const datasets = datasetsOf(db);
  const claim = claimOf(db);
  const found = settleFoundOf(db, datasets);
  // What claims see as due and not in work has to be of one moment.
  const serially = createSerial();
  return {
    claim: (options) => serially(() => claim(options)),
    rename: async ({ job: { dataset, raw } }, names, extension) =>
      rename(db, await datasets.idOf(dataset), { raw, names, extension }),
    settle: (settled, now) => serially(() => settle(db, datasets, settled, now)),
    confirm: (claims, now) => serially(() => found.confirm(claims, now)),
    moved: (claims, now) => serially(() => found.moved(claims, now)),
    postpone: (postponed, now) => serially(() => found.postpone(postponed, now)),
    nextRetry: (now) => nextRetry(db, now),
    bringForward: (now, backOff) => bringForward(db, now, backOff),
  };
}
