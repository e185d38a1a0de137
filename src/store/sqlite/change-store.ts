import type { ChangeStore } from "../change-store.ts";
import { acknowledgeEntries, acknowledgeLines } from "./acknowledge.ts";
import { datasetsOf } from "./datasets.ts";
import { makeDue } from "./due.ts";
import type { Db } from "./open.ts";
import { retryFailures } from "./queries/failures.ts";
import { retryAfterUpgrade } from "./retry-after-upgrade.ts";

/** The part of a cache by which people change it. */
export function changeStore(db: Db): ChangeStore {
  const { idOf } = datasetsOf(db);
  return {
    retry: async (filter, now) => retryFailures(db, filter, now),
    makeDue: async (dataset, raws, now) => makeDue(db, { dataset: idOf(dataset), raws, now }),
    retryAfterUpgrade: async (program, now) => retryAfterUpgrade(db, program, now),
    acknowledgeEntries: async (acknowledgement) => acknowledgeEntries(db, acknowledgement),
    acknowledgeLines: async (acknowledgement, now) => acknowledgeLines(db, acknowledgement, now),
  };
}
