import type { ChangeStore } from "../change-store.ts";
import { acknowledgeEntries, acknowledgeLines } from "./acknowledge.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { makeDue, retryAfterUpgrade, retryFailures } from "./retry.ts";

/** The part of a database by which people change it. */
export function changeStore(db: Db): ChangeStore {
  const { idOf } = datasetsOf(db);
  return {
    retry: (filter, now) => retryFailures(db, filter, now),
    makeDue: async (dataset, raws, now) => makeDue(db, { dataset: await idOf(dataset), raws, now }),
    retryAfterUpgrade: (program, now) => retryAfterUpgrade(db, program, now),
    acknowledgeEntries: (acknowledgement) => acknowledgeEntries(db, acknowledgement),
    acknowledgeLines: (acknowledgement, now) => acknowledgeLines(db, acknowledgement, now),
  };
}
