import { statSync } from "node:fs";
import type { DatasetStatus as Whole, StatusReport } from "../../inspect/status.ts";
import { by, counter, type Family, gauge, type Value } from "./family.ts";
import { storeFiles } from "../../store/open.ts";
import type { StorePlace } from "../../store/types.ts";

/** Datasets that have series of their own, those with the most entries; the others share one. */
export const MOST_DATASETS = 200;
/** The label for all other datasets; no dataset has this name. */
const OTHERS = "other";

/** Metrics of one dataset. */
type DatasetStatus = Omit<Whole, "lastMinute" | "readBytes" | "off">;

/** Metrics of the lake, from the cache; `report` is undefined while it cannot be read. */
export function cacheMetrics(place: StorePlace, report: StatusReport | undefined): Family[] {
  const datasets = bounded(report?.datasets ?? []);
  const each = (value: (dataset: DatasetStatus) => number | null): Value[] =>
    datasets.flatMap((dataset) => {
      const found = value(dataset);
      return found === null ? [] : [{ value: found, labels: { dataset: dataset.dataset } }];
    });
  return [
    gauge("cache_readable", "1 while the cache can be read.", Number(report !== undefined)),
    gauge(
      "cache_size_bytes",
      "Size of the cache: the database and its log.",
      by(
        "file",
        Object.entries(storeFiles(place) ?? {}).map(([file, path]) => [file, sizeOf(path)]),
      ),
    ),
    gauge("datasets", "Datasets that were ever seen.", report?.datasets.length ?? null),
    gauge("entries", "Entries by dataset and what became of them.", datasets.flatMap(outcomesOf)),
    gauge(
      "failed_entries",
      "Entries whose last try failed, by code, but for those that are acknowledged.",
      by(
        "code",
        (report?.failures ?? []).map((each) => [each.code, each.entries - each.acknowledged]),
      ),
    ),
    gauge(
      "acknowledged_entries",
      "Entries that failed for good, which people have acknowledged, by code.",
      by(
        "code",
        (report?.failures ?? []).map(({ code, acknowledged }) => [code, acknowledged]),
      ),
    ),
    gauge(
      "backlog_files",
      "Entries whose time has come.",
      each(({ due }) => due),
    ),
    gauge(
      "waiting_files",
      "Entries that are due now or later.",
      each(({ waiting }) => waiting),
    ),
    gauge(
      "lag_seconds",
      "Age of the oldest entry that is due; 0 when none is.",
      each(({ oldestDueSeconds }) => oldestDueSeconds ?? 0),
    ),
    gauge(
      "unread_manifest_bytes",
      "Bytes of the manifest that are not taken in yet.",
      each(({ unreadBytes }) => unreadBytes),
    ),
    gauge(
      "unconfirmed_entries",
      "Entries that were found by looking at raw files, and that no manifest line has named yet.",
      each(({ unconfirmed }) => unconfirmed),
    ),
    gauge(
      "rejected_lines",
      "Manifest lines that were no entries, as far as they are remembered, but for those that are acknowledged.",
      each(({ rejected, acknowledgedLines }) => rejected - acknowledgedLines),
    ),
    gauge(
      "acknowledged_lines",
      "Manifest lines that were no entries, which people have acknowledged.",
      each(({ acknowledgedLines }) => acknowledgedLines),
    ),
    counter(
      "validated_files_total",
      "Samples that were held to a contract, by the verdict.",
      datasets.flatMap(verdictsOf),
    ),
    gauge(
      "invalid_entries",
      "Entries whose newest version fails its contract.",
      each(({ invalid }) => invalid),
    ),
    gauge(
      "contract_errors",
      "Entries that could not be checked: their contract could not be read.",
      each(({ unchecked }) => unchecked),
    ),
  ];
}

function outcomesOf({ dataset, entries, ...counted }: DatasetStatus): Value[] {
  const { sampled, described, failed, pruned } = counted;
  const none = entries - sampled - described - failed - pruned;
  const counts = { sampled, described, failed, pruned, none };
  return Object.entries(counts).map(([outcome, value]) => ({
    value,
    labels: { dataset, outcome },
  }));
}

function verdictsOf(status: DatasetStatus): Value[] {
  const { dataset } = status;
  const counts = {
    passed: status.validatedPassed,
    warned: status.validatedWarned,
    failed: status.validatedFailed,
    error: status.validatedError,
  };
  return Object.entries(counts).map(([result, value]) => ({ value, labels: { dataset, result } }));
}

type NotSummed = "dataset" | "unreadBytes" | "oldestDueSeconds" | "off" | "waitsFor";

/** At most `MOST_DATASETS`, and one more for all others: their sums, and the greatest lag. */
function bounded(datasets: readonly DatasetStatus[]): readonly DatasetStatus[] {
  if (datasets.length <= MOST_DATASETS) return datasets;
  const bySize = datasets.toSorted((a, b) => b.entries - a.entries);
  const others = bySize.slice(MOST_DATASETS);
  const sum = (key: Exclude<keyof DatasetStatus, NotSummed>) =>
    others.reduce((total, dataset) => total + dataset[key], 0);
  return [
    ...bySize.slice(0, MOST_DATASETS),
    {
      dataset: OTHERS,
      entries: sum("entries"),
      sampled: sum("sampled"),
      described: sum("described"),
      failed: sum("failed"),
      acknowledged: sum("acknowledged"),
      pruned: sum("pruned"),
      waiting: sum("waiting"),
      due: sum("due"),
      rejected: sum("rejected"),
      unconfirmed: sum("unconfirmed"),
      acknowledgedLines: sum("acknowledgedLines"),
      validatedPassed: sum("validatedPassed"),
      validatedWarned: sum("validatedWarned"),
      validatedFailed: sum("validatedFailed"),
      validatedError: sum("validatedError"),
      invalid: sum("invalid"),
      unchecked: sum("unchecked"),
      unreadBytes: others.reduce((total, { unreadBytes }) => total + (unreadBytes ?? 0), 0),
      oldestDueSeconds: others.reduce((max, each) => Math.max(max, each.oldestDueSeconds ?? 0), 0),
      waitsFor: null,
    },
  ];
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
