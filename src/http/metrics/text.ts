import { AggregatorRegistry, Registry } from "prom-client";
import type { StatusReport } from "../../inspect/status.ts";
import type { DaemonState } from "../state.ts";
import { cacheMetrics } from "./cache.ts";
import type { StorePlace } from "../../store/types.ts";
import type { Family } from "./family.ts";
import { processMetrics } from "./process.ts";
import { turnMetrics } from "./turns.ts";
import { workMetrics } from "./work.ts";

/** The source of the metrics. */
export interface MetricsSource {
  readonly daemon: DaemonState;
  readonly isHealthy: boolean;
  /** The place of the cache. */
  readonly place: StorePlace;
  /** Undefined while the cache cannot be read. */
  readonly report: StatusReport | undefined;
}

/** The media type of what `metricsText` gives. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** All metrics, with their values. */
export function families({ daemon, isHealthy, place, report }: MetricsSource): Family[] {
  return [
    ...workMetrics(daemon, isHealthy),
    ...turnMetrics(daemon.turns),
    ...cacheMetrics(place, report),
    ...processMetrics(daemon),
  ];
}

/**
 * All metrics in the text format of Prometheus. Counts come complete from another process, so each
 * answer gets a registry of its own, made of values that are there already.
 */
export async function metricsText(source: MetricsSource): Promise<string> {
  return await textOf(families(source));
}

/** The text of some metrics. */
export async function textOf(families: readonly Family[]): Promise<string> {
  return await AggregatorRegistry.aggregate([[...families]]).metrics();
}
