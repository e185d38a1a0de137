import type { ChangeStore } from "./change-store.ts";
import type { DrainStore } from "./drain-store.ts";
import type { IngestStore } from "./ingest-store.ts";
import type { ProcessStore } from "./process-store.ts";
import type { Queries } from "./queries.ts";
import type { UpkeepStore } from "./upkeep-store.ts";

/**
 * What is known of datasets and their files, and what is due: one part for each who asks. Each call
 * is one transaction, or a few short ones, and takes a batch. What goes in and out is plain data.
 */
export interface Store {
  readonly ingest: IngestStore;
  readonly drain: DrainStore;
  readonly upkeep: UpkeepStore;
  readonly process: ProcessStore;
  readonly queries: Queries;
  readonly changes: ChangeStore;
  /** Closes it; nothing is asked afterwards. @throws Failure CACHE_UNUSABLE */
  close(): Promise<void>;
}
