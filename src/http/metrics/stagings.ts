import { keptBytes } from "../../regions/document.ts";
import type { Overview } from "../../regions/overview.ts";
import { by, counter, type Family, gauge } from "./family.ts";

/** Metrics of what lies in regions, as it was when the buckets were read last. */
export function stagingMetrics(
  { stagings, regions, costs }: Overview,
  counts: { readonly removed: number; readonly problems: number },
): Family[] {
  const states = countedBy(stagings, ({ state }) => state);
  const bytes = new Map<string, number>();
  for (const staging of stagings)
    for (const { region } of staging.regions.filter(({ state }) => state === "complete"))
      bytes.set(region, (bytes.get(region) ?? 0) + keptBytes(staging));
  const { currency } = costs.prices;
  return [
    gauge("stage_stagings", "Stagings in regions, by state.", by("state", states)),
    gauge("stage_region_bytes", "Bytes of complete stagings, by region.", by("region", bytes)),
    gauge(
      "stage_next_expiry_timestamp_seconds",
      "When the time of the next staging is over.",
      stagings.length === 0
        ? null
        : Math.min(...stagings.map(({ expires_at }) => Date.parse(expires_at))) / 1000,
    ),
    gauge("stage_region_readable", "1 where the region's bucket could be read the last time.", [
      ...by(
        "region",
        regions.map(({ name, problem }) => [name, problem === undefined ? 1 : 0]),
      ),
    ]),
    gauge(
      "stage_region_read_timestamp_seconds",
      "When the region's bucket was read last.",
      by(
        "region",
        regions.map(({ name, readAt }) => [name, readAt / 1000]),
      ),
    ),
    gauge("stage_cost", "What stagings cost since the first one; an estimate.", [
      { value: costs.total.amount, labels: { currency } },
    ]),
    gauge("stage_saving", "What stagings saved since the first one; an estimate.", [
      { value: costs.saving.amount, labels: { currency } },
    ]),
    counter(
      "stage_removed_stagings_total",
      "Stagings that were removed because their time was over.",
      counts.removed,
    ),
    counter(
      "stage_region_problems_total",
      "Times that a region could not be looked after; the log says why.",
      counts.problems,
    ),
  ];
}

function countedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  return new Map([...Map.groupBy(items, keyOf)].map(([key, own]) => [key, own.length]));
}
