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
import type { Worker } from "./worker.ts";

/** The store in an open database. `createSortedLines` keeps lines on the disk of this machine. */
export function storeIn(
  db: Db,
  { host, turns }: Worker,
  createSortedLines: () => SortedLines,
): Store {
  const close = async () => {
    await turns?.close();
    await db.close();
  };
  return {
    ...(turns === undefined ? {} : { turns }),
    ingest: ingestStore(db, turns, createSortedLines),
    raw: rawStore(db),
    drain: drainStore(db, { host, turns }),
    drift: driftStore(db),
    upkeep: upkeepStore(db, host),
    process: processStore(db, host),
    queries: queriesOf(db),
    changes: changeStore(db),
    close,
    [Symbol.asyncDispose]: close,
  };
}
