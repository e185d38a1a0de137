import type { Store } from "../store.ts";
import { changeStore } from "./change-store.ts";
import { drainStore } from "./drain-store.ts";
import { driftStore } from "./drift-store.ts";
import { ingestStore } from "./ingest-store.ts";
import type { Db } from "./open.ts";
import { processStore } from "./process-store.ts";
import { queriesOf } from "./queries.ts";
import { rawStore } from "./raw-store.ts";
import { upkeepStore } from "./upkeep-store.ts";

/**
 * The store in an open cache. Each part prepares its statements when it is first used: a command
 * uses one or two parts.
 */
export function storeIn(db: Db, close: (db: Db) => void): Store {
  const parts: Partial<Record<keyof Store, unknown>> = {};
  function part<K extends keyof Store>(name: K, make: (db: Db) => Store[K]): Store[K] {
    return (parts[name] ??= make(db)) as Store[K];
  }
  return {
    get ingest() {
      return part("ingest", ingestStore);
    },
    get raw() {
      return part("raw", rawStore);
    },
    get drain() {
      return part("drain", drainStore);
    },
    get drift() {
      return part("drift", driftStore);
    },
    get upkeep() {
      return part("upkeep", upkeepStore);
    },
    get process() {
      return part("process", processStore);
    },
    get queries() {
      return part("queries", queriesOf);
    },
    get changes() {
      return part("changes", changeStore);
    },
    close: async () => close(db),
    [Symbol.asyncDispose]: async () => close(db),
  };
}
