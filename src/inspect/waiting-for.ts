import type { OffReason, Settings } from "../config/settings.ts";
import type { ProcessStore } from "../store/process-store.ts";
import type { Holder } from "../store/types.ts";

/** The reasons why due entries are not done; null where nothing speaks against it. */
export interface WaitingFor {
  /** The reason that holds up all datasets. */
  readonly all: string | null;
  /** Returns the reason that holds up one dataset. */
  of(dataset: string): string | null;
}

const offTexts: Readonly<Record<OffReason, string>> = {
  excluded: "left out by `datasets` in the configuration",
  disabled: "switched off: `sample.enabled` is false",
};

/**
 * Gathers what holds up datasets, from the configuration and from what passes left in the cache.
 */
export async function waitingFor(
  memory: Pick<ProcessStore, "waits" | "passFailure" | "passesWait">,
  { offReason }: Pick<Settings, "offReason">,
  running: Holder | null,
): Promise<WaitingFor> {
  const waits = new Map((await memory.waits()).map((wait) => [wait.dataset, wait]));
  const failure = await memory.passFailure();
  const held = (await memory.passesWait()) ?? (failure === null ? null : `passes fail: ${failure}`);
  return {
    all: running === null ? "nothing runs" : held,
    of(dataset) {
      const off = offReason(dataset);
      if (off !== undefined) return offTexts[off];
      const wait = waits.get(dataset);
      return wait === undefined ? null : `${wait.code}: ${wait.message}`;
    },
  };
}
