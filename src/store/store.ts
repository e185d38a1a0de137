import type { ChangeStore } from "./change-store.ts";
import type { DrainStore } from "./drain-store.ts";
import type { DriftStore } from "./drift-store.ts";
import type { IngestStore } from "./ingest-store.ts";
import type { ProcessStore } from "./process-store.ts";
import type { Queries } from "./queries.ts";
import type { RawStore } from "./raw-store.ts";
import type { Turns } from "./turns.ts";
import type { UpkeepStore } from "./upkeep-store.ts";

/**
 * Everything known of datasets and their files, and everything due, in one part for each caller.
 * Each call is one transaction, or a few short ones, and takes a batch. Arguments and results are
 * plain data.
 */
export interface Store extends AsyncDisposable {
  /** The turns of this host; undefined where nobody else does any of the work. */
  readonly turns?: Turns;
  readonly ingest: IngestStore;
  readonly raw: RawStore;
  readonly drain: DrainStore;
  readonly drift: DriftStore;
  readonly upkeep: UpkeepStore;
  readonly process: ProcessStore;
  readonly queries: Queries;
  readonly changes: ChangeStore;
  /** Closes the store; nothing may be called afterwards. @throws Failure CACHE_UNUSABLE */
  close(): Promise<void>;
}
