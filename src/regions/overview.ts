import type { StagingSettings } from "../config/staging-settings.ts";
import type { Documents, KnownRegion } from "../store/staging-store.ts";
import { type CostReport, costReport } from "./cost-report.ts";
import { knownIn, viewsOf } from "./known-stagings.ts";
import type { PriceTable } from "./prices.ts";
import { placesOf } from "./region.ts";
import type { StagingView } from "./staging-view.ts";

/** All that is known of stagings without asking a bucket. */
export interface Overview {
  /** The latest first. */
  readonly stagings: readonly StagingView[];
  /** The regions, each with the time of its last reading, and the reason why there was none since. */
  readonly regions: readonly KnownRegion[];
  /** Costs since the first staging. */
  readonly costs: CostReport;
}

/** Collects it. @throws Failure CACHE_UNUSABLE */
export async function overviewOf(
  documents: Documents,
  settings: Pick<StagingSettings, "regions">,
  prices: PriceTable,
): Promise<Overview> {
  const places = placesOf(settings);
  const known = await knownIn(documents, places);
  const costs = costReport(known, { since: 0, until: Date.now() }, { prices });
  return { stagings: viewsOf(known, places), regions: known.regions, costs };
}
