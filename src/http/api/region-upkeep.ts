import { setTimeout } from "node:timers/promises";
import type { StagingSettings } from "../../config/staging-settings.ts";
import { errorMessage } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import { cleanUp } from "../../regions/cleanup.ts";
import { openRegions } from "../../regions/region.ts";
import type { Documents } from "../../store/staging-store.ts";

/** Upkeep of regions while the service runs. */
export interface RegionUpkeep {
  /** Stagings that were removed since the service began, and what could not be done. */
  readonly counts: { readonly removed: number; readonly problems: number };
  /** Ends it; what is under way is gone on with the next time. */
  close(): Promise<void>;
}

/** Time between two looks at the buckets, ms. */
const EVERY_MS = 3_600_000;

/**
 * Looks at the buckets of all regions, at once and then every hour: removes stagings whose time is over, goes
 * on with deletions, gives up abandoned uploads, and remembers what is there.
 */
export function keepRegions(
  settings: StagingSettings,
  { documents, log }: { readonly documents: Documents; readonly log: Log },
): RegionUpkeep {
  const counts = { removed: 0, problems: 0 };
  const abort = new AbortController();
  const { signal } = abort;
  const hasRegions = Object.keys(settings.regions).length > 0;
  const ended = hasRegions ? keep() : Promise.resolve();
  return {
    counts,
    async close() {
      abort.abort();
      await ended;
    },
  };

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      await look().catch((error: unknown) => {
        if (!signal.aborted) onProblem("regions", errorMessage(error));
      });
      // It ends early when the service does.
      await setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async function look(): Promise<void> {
    const regions = await openRegions({ settings, signal });
    const options = { isExpired: true, sweepId: undefined, documents, signal, onProblem };
    const { stagings, uploads } = await cleanUp(regions, options);
    for (const { id, regions: removed } of stagings) {
      const left = removed.filter((each) => each.left !== null);
      for (const { region, left: reason } of left) onProblem(region, `${id}: ${reason}`);
      if (left.length > 0) continue;
      counts.removed += 1;
      log.info({ staging: id }, "staging is removed: its time was over");
    }
    if (uploads > 0) log.info({ uploads }, "abandoned uploads in parts are given up");
  }

  function onProblem(what: string, reason: string): void {
    counts.problems += 1;
    log.warn({ what, reason }, "regions could not be looked after");
  }
}
