import type { Queries } from "../store/queries.ts";
import type { DatasetTotals, FailuresOfCode } from "../store/rows.ts";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { OffReason, Settings } from "../config/settings.ts";
import { concurrently } from "../lib/concurrently.ts";
import { type Verdict, verdictOf } from "./health.ts";
import { MANIFEST_PATH } from "../lake/dataset.ts";
import { fileId } from "../manifest/files.ts";
import { type Holder, type Host, type PassSummary, SILENT_SECONDS } from "../store/types.ts";
import { waitingFor } from "./waiting-for.ts";
import { holderOf } from "../store/open.ts";
import type { Store } from "../store/store.ts";

/** One dataset: its entries, and its backlog. */
export interface DatasetStatus extends Omit<DatasetTotals, "oldestDueAt"> {
  /** Age of the oldest entry that is due, seconds; null when none is. */
  readonly oldestDueSeconds: number | null;
  /** Bytes of the manifest that are not taken in yet; null when it cannot be looked at. */
  readonly unreadBytes: number | null;
  /**
   * The reason why it gets no samples; null where it does. Nothing of a dataset that is off counts
   * as waiting or unread.
   */
  readonly off: OffReason | null;
  /** The reason why due entries are not done; null where nothing speaks against it. */
  readonly waitsFor: string | null;
}

/** All datasets together. */
export type StatusTotals = Omit<DatasetStatus, "dataset" | "off" | "waitsFor">;

/** Everything at a glance: the content of `status --json` and of the page. */
export interface StatusReport {
  /** The holder of the cache; null when no daemon runs. */
  readonly running: Holder | null;
  /** The hosts that share a database, by name; none where there is a cache. */
  readonly hosts: readonly Host[];
  /** The reason why no pass begins while the host is busy; null when there is none. */
  readonly passesWait: string | null;
  /** The reason why the last pass failed as a whole; null where it did not. */
  readonly passFailure: string | null;
  /** The daemon's health in one word, and the reason. */
  readonly verdict: Pick<Verdict, "word" | "why">;
  readonly lastPass: PassSummary | null;
  readonly totals: StatusTotals;
  /** By code, most first. */
  readonly failures: readonly FailuresOfCode[];
  /** By name. */
  readonly datasets: readonly DatasetStatus[];
}

/** Fields of a dataset that is not to be sampled. */
const NOT_BEHIND = { waiting: 0, due: 0, oldestDueSeconds: null, unreadBytes: null };

/** Looks at cache and manifests; `now` is ms since epoch. Writes nothing. */
export async function statusOf(
  { queries, process }: Pick<Store, "queries" | "process">,
  settings: Pick<Settings, "prefix" | "state" | "database" | "offReason" | "readsNoManifest">,
  now: number,
): Promise<StatusReport> {
  const hosts = await queries.hosts();
  const running = workingOf(hosts) ?? (await holderOf(settings)) ?? null;
  const waiting = await waitingFor(process, settings, running);
  const datasets = await concurrently(
    await queries.totals(now),
    async ({ oldestDueAt, ...totals }): Promise<DatasetStatus> => {
      const off = settings.offReason(totals.dataset) ?? null;
      if (off !== null) return Object.assign(totals, { ...NOT_BEHIND, off, waitsFor: null });
      const oldestDueSeconds = oldestDueAt === null ? null : Math.round((now - oldestDueAt) / 1000);
      // A manifest that is not read is not behind.
      const unreadBytes = settings.readsNoManifest(totals.dataset)
        ? 0
        : await unreadBytesOf(queries, settings.prefix, totals.dataset);
      const waitsFor = waiting.of(totals.dataset);
      return Object.assign(totals, { oldestDueSeconds, unreadBytes, off, waitsFor });
    },
  );
  const known = {
    passesWait: running === null ? null : await process.passesWait(),
    passFailure: running === null ? null : await process.passFailure(),
    lastPass: await process.lastPass(),
    totals: sumOf(datasets),
  };
  const { word, why } = verdictOf({ ...known, datasets, isRunning: running !== null }, now);
  const failures = await queries.failuresByCode();
  return { running, hosts, verdict: { word, why }, ...known, failures, datasets };
}

/** The first of several hosts that gives signs of life. */
function workingOf(hosts: readonly Host[]): Holder | undefined {
  const found = hosts.find(({ silentSeconds }) => silentSeconds < SILENT_SECONDS);
  return found && { pid: found.pid, host: found.host, since: found.since };
}

function sumOf(datasets: readonly DatasetStatus[]): StatusTotals {
  const sum = (key: keyof StatusTotals) =>
    datasets.reduce((total, dataset) => total + (dataset[key] ?? 0), 0);
  const oldest = datasets.reduce((max, each) => Math.max(max, each.oldestDueSeconds ?? -1), -1);
  return {
    entries: sum("entries"),
    sampled: sum("sampled"),
    described: sum("described"),
    failed: sum("failed"),
    acknowledged: sum("acknowledged"),
    pruned: sum("pruned"),
    waiting: sum("waiting"),
    due: sum("due"),
    oldestDueSeconds: oldest < 0 ? null : oldest,
    unreadBytes: sum("unreadBytes"),
    rejected: sum("rejected"),
    acknowledgedLines: sum("acknowledgedLines"),
    lastMinute: sum("lastMinute"),
    readBytes: sum("readBytes"),
    unconfirmed: sum("unconfirmed"),
    validatedPassed: sum("validatedPassed"),
    validatedWarned: sum("validatedWarned"),
    validatedFailed: sum("validatedFailed"),
    validatedError: sum("validatedError"),
    invalid: sum("invalid"),
    unchecked: sum("unchecked"),
  };
}

/** Bytes by which a dataset's manifest has grown beyond its checkpoint. */
async function unreadBytesOf(
  queries: Queries,
  prefix: string,
  dataset: string,
): Promise<number | null> {
  const found = await stat(join(prefix, dataset, MANIFEST_PATH)).catch(() => undefined);
  if (found === undefined) return null;
  const checkpoints = await queries.checkpoints(dataset);
  const current = checkpoints.find(({ file }) => file === fileId(found));
  return Math.max(0, found.size - (current?.offset ?? 0));
}
