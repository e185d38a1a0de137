import type { Settings } from "../../config/settings.ts";
import { errorCode, errorMessage } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import { type Synced, syncRegularly } from "./sync.ts";
import type { UpkeepStore } from "../../store/upkeep-store.ts";

/** Options of `keepSynced`. */
export interface KeepSyncedOptions {
  readonly store: UpkeepStore;
  readonly settings: Settings;
  readonly log: Log;
  /** Called when samples have to be made once more. */
  readonly onRedone: () => void;
}

/**
 * Brings samples to disk while the daemon runs, and logs errors. Returns the function that ends it.
 */
export function keepSynced({ store, settings, log, onRedone }: KeepSyncedOptions): () => void {
  let isTold = false;
  return syncRegularly({ store, settings }, { onSynced, onError });

  function onSynced(done: Synced): void {
    if (done.synced > 0) log.debug(done, "samples synced");
    if (done.redone === 0) return;
    log.error(done, "samples are missing, broken or cannot be brought to disk; they are redone");
    onRedone();
  }

  /**
   * Logs an error once: a sample that fails stays to be synced, and is tried again all the time.
   */
  function onError(error: unknown): void {
    if (isTold) return;
    isTold = true;
    log.warn({ code: errorCode(error), reason: errorMessage(error) }, "samples cannot be synced");
  }
}
