import { matchesGlob } from "node:path";
import { type Change, compare } from "../checks/shape/compare.ts";
import { seriesKey } from "../checks/shape/series-key.ts";
import type { Version } from "../checks/shape/version.ts";
import type { Settings } from "../config/settings.ts";
import type { KnownSeries } from "../store/drift-store.ts";
import type { Store } from "../store/store.ts";

/** A shape that files of a series had. */
export interface VersionReport extends Pick<
  Version,
  "shape" | "format" | "dialect" | "names" | "types" | "files" | "firstRaw"
> {
  /** ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The differences to the shape that was first seen before it; none for the first. */
  readonly changes: readonly Change[];
}

/** A series of files, and its shapes in the order in which they were first seen. */
export interface SeriesReport {
  readonly dataset: string;
  readonly series: string;
  readonly files: number;
  readonly versions: readonly VersionReport[];
}

/** The series to look at: all of them by default. */
export interface WantedSeries {
  /** A raw, or the key of a series. */
  readonly what?: string | undefined;
  /** A glob. */
  readonly dataset?: string | undefined;
}

/** Yields the series of all datasets that are wanted, the last seen of each first. */
export async function* seriesReports(
  { queries, drift }: Pick<Store, "queries" | "drift">,
  settings: Settings,
  { what, dataset: glob }: WantedSeries,
): AsyncGenerator<SeriesReport, void, void> {
  for (const dataset of await queries.datasets()) {
    if (glob !== undefined && !matchesGlob(dataset, glob)) continue;
    const keys = what === undefined ? undefined : keysFor(what, dataset, settings);
    for await (const known of drift.allSeries(dataset)) {
      if (keys?.has(known.key) !== false) yield reportOf(dataset, known);
    }
  }
}

/** The keys that an argument may mean. */
function keysFor(what: string, dataset: string, settings: Settings): ReadonlySet<string> {
  return new Set([what, seriesKey(what, settings.forDataset(dataset).drift.series)]);
}

function reportOf(dataset: string, { key, series }: KnownSeries): SeriesReport {
  const byAge = series.versions.toSorted((a, b) => a.firstAt - b.firstAt);
  return {
    dataset,
    series: key,
    files: byAge.reduce((sum, { files }) => sum + files, 0),
    versions: byAge.map((version, i) => versionReport(version, byAge[i - 1])),
  };
}

function versionReport(version: Version, before: Version | undefined): VersionReport {
  const { shape, format, dialect, names, types, files, firstRaw, firstAt, lastAt } = version;
  return {
    shape,
    format,
    dialect,
    names,
    types,
    files,
    firstRaw,
    firstSeen: new Date(firstAt).toISOString(),
    lastSeen: new Date(lastAt).toISOString(),
    changes: before === undefined ? [] : compare(before, version),
  };
}
