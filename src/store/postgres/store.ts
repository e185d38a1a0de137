import type { SortedLines } from "../ingest-store.ts";
import type { Store } from "../store.ts";
import { changeStore } from "./change-store.ts";
import type { Db } from "./connect.ts";
import { drainStore } from "./drain-store.ts";
import { driftStore } from "./drift-store.ts";
import { ingestStore } from "./ingest-store.ts";
import { processStore } from "./process-store.ts";
import { queriesOf } from "./queries.ts";
import { rawStore } from "./raw-store.ts";
import { upkeepStore } from "./upkeep-store.ts";

/** The store in an open database. `createSortedLines` keeps lines on the disk of this machine. */
export function storeIn(db: Db, createSortedLines: () => SortedLines): Store {
  return {
    ingest: ingestStore(db, createSortedLines),
    raw: rawStore(db),
    drain: drainStore(db),
    drift: driftStore(db),
    upkeep: upkeepStore(db),
    process: processStore(db),
    queries: queriesOf(db),
    changes: changeStore(db),
    close: () => db.close(),
    [Symbol.asyncDispose]: () => db.close(),
  };
}
