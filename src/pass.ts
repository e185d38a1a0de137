import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { addFact, factOf } from "./cache/facts.ts";
import type { Db } from "./cache/open.ts";
import type { Settled } from "./cache/settle.ts";
import type { Settings } from "./config/settings.ts";
import { drain, type Effects } from "./drain.ts";
import { errorMessage, Failure, type FailureCode } from "./errors.ts";
import { createIngest, IngestStopped, type Ingested } from "./ingest.ts";
import { discover } from "./manifest/discover.ts";
import { createHandle } from "./jobs/handle.ts";
import { findPlace } from "./jobs/place.ts";
import { appendReceipts, healReceipts, rejectionReceipt } from "./samples/receipts.ts";
import { sweep } from "./samples/sweep.ts";
import type { RejectedLine } from "./types.ts";
import { createWorkerPool, type WorkerPool } from "./jobs/pool.ts";

/** What happens in a pass, for those who log, count or print. */
export type PassEvent =
  | { readonly type: "ingested"; readonly dataset: string; readonly ingested: Ingested }
  | { readonly type: "rejected"; readonly dataset: string; readonly line: RejectedLine }
  | { readonly type: "settled"; readonly settled: Settled }
  | { readonly type: "swept"; readonly dataset: string; readonly files: number }
  | {
      readonly type: "paused" | "error";
      readonly where: string;
      readonly code: FailureCode;
      readonly message: string;
    };

/** What a pass did. Counts, but for `ms` and bytes. */
export interface PassSummary {
  readonly datasets: number;
  readonly lines: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly rejected: number;
  readonly sampled: number;
  readonly failed: number;
  /** Datasets that have to wait. */
  readonly paused: number;
  /** Manifests or directories that could not be read. */
  readonly errors: number;
  /** Bytes read from bronze. */
  readonly readBytes: number;
  /** Bytes of samples. */
  readonly bytes: number;
  readonly ms: number;
  /** ISO 8601, when it began. */
  readonly at: string;
}

/** How one pass goes. */
export interface PassOptions {
  /** Only these datasets; all that are found when not given. */
  readonly datasets?: readonly string[];
  /** True to wait for what is unsettled instead of leaving it to a later pass. */
  readonly settles: boolean;
  /** True when the pass is to end: nothing more is read or taken. */
  readonly isStopping: () => boolean;
  /** True when draining, after so many ms of it, is to end, so that the next pass can begin. */
  readonly isOver: (drainedMs: number) => boolean;
  readonly abandon: AbortSignal;
}

/** What the pass after this one should know. */
export interface PassResult {
  readonly summary: PassSummary;
  /** When something unsettled has to be looked at again, ms since epoch. */
  readonly unsettledUntil?: number;
}

/** Runs one pass: ingest every manifest, then drain what is due. */
export type Pass = (options: PassOptions) => Promise<PassResult>;

/** What passes share. */
export interface PassContext {
  readonly db: Db;
  readonly settings: Settings;
  readonly effects: Effects;
  readonly report: (event: PassEvent) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The real effects: jobs in this process, receipts and samples on disk. */
export function realEffects(settings: Settings): Effects {
  const samples = (dataset: string) => join(settings.prefix, dataset, "samples");
  return {
    async tidy(dataset, wasStoppedCleanly) {
      await findPlace(settings, dataset);
      await healReceipts(samples(dataset));
      return wasStoppedCleanly ? 0 : sweep(samples(dataset));
    },
    handle: createHandle(settings),
    addReceipts: (dataset, receipts) => appendReceipts(samples(dataset), receipts),
    removeSample: (dataset, name) => rm(join(samples(dataset), name), { force: true }),
  };
}

/** The same, with jobs in threads; to be closed. */
export function threadedEffects(
  settings: Settings,
): Effects & Pick<WorkerPool, "close" | "wasClean"> {
  return { ...realEffects(settings), ...createWorkerPool(settings) };
}

/** Makes the function; datasets are tidied up once, when they are first seen. */
export function createPass({ db, settings, effects, report }: PassContext): Pass {
  const wasStoppedCleanly = factOf(db, "cleanStop") === "true";
  const tidied = new Set<string>();
  const ingest = createIngest({ db, settings, onRejected });

  return async ({ datasets, settles, isStopping, isOver, abandon }) => {
    const started = performance.now();
    const summary = emptySummary();
    const found = datasets ?? (await findDatasets(summary));
    const enabled = found.filter((dataset) => settings.forDataset(dataset).enabled);
    summary.datasets = enabled.length;

    let unsettled = await ingestAll(enabled, summary, isStopping);
    if (settles) {
      while (unsettled.size > 0 && !isStopping()) {
        await sleepUntil(Math.min(...unsettled.values()), abandon);
        unsettled = await ingestAll([...unsettled.keys()], summary, isStopping);
      }
    }
    const draining = performance.now();
    await drain({
      db,
      settings,
      effects,
      clock: Date.now,
      isOver: () => isStopping() || isOver(performance.now() - draining),
      abandon,
      onSettled: (settled) => {
        count(summary, settled);
        report({ type: "settled", settled });
      },
      onPaused: (dataset, code, message) => {
        summary.paused += 1;
        report({ type: "paused", where: dataset, code, message });
      },
    });
    summary.ms = Math.round(performance.now() - started);
    if (datasets === undefined || summary.lines > 0 || summary.sampled + summary.failed > 0) {
      addFact(db, "pass", JSON.stringify(summary));
    }
    const times = [...unsettled.values()];
    return times.length === 0 ? { summary } : { summary, unsettledUntil: Math.min(...times) };
  };

  async function findDatasets(summary: Mutable<PassSummary>): Promise<readonly string[]> {
    const { datasets, errors } = await discover(settings.prefix, settings.includes);
    for (const { path, error } of errors) {
      failed(
        summary,
        path,
        new Failure("MANIFEST_UNREADABLE", errorMessage(error), { cause: error }),
      );
    }
    return datasets;
  }

  /** Returns the datasets that have to be looked at again, and when. */
  async function ingestAll(
    datasets: readonly string[],
    summary: Mutable<PassSummary>,
    isStopping: () => boolean,
  ): Promise<Map<string, number>> {
    const unsettled = new Map<string, number>();
    for (const dataset of datasets) {
      if (isStopping()) break;
      try {
        await tidy(dataset);
        const ingested = await ingest(dataset, Date.now(), isStopping);
        for (const key of ["lines", "unchanged", "superseded", "rejected"] as const) {
          summary[key] += ingested[key];
        }
        if (ingested.unsettledUntil !== undefined) unsettled.set(dataset, ingested.unsettledUntil);
        report({ type: "ingested", dataset, ingested });
      } catch (error) {
        if (error instanceof IngestStopped) break;
        if (!(error instanceof Failure)) throw error;
        failed(summary, dataset, error);
      }
    }
    return unsettled;
  }

  /** Removes what a crash left, before anything new is written there. */
  async function tidy(dataset: string): Promise<void> {
    if (tidied.has(dataset)) return;
    const files = await effects.tidy(dataset, wasStoppedCleanly);
    if (files > 0) report({ type: "swept", dataset, files });
    tidied.add(dataset);
  }

  async function onRejected(dataset: string, lines: readonly RejectedLine[]): Promise<void> {
    const now = Date.now();
    await effects.addReceipts(
      dataset,
      lines.map((line) => rejectionReceipt(line, now)),
    );
    for (const line of lines) report({ type: "rejected", dataset, line });
  }

  function failed(summary: Mutable<PassSummary>, where: string, { code, message }: Failure): void {
    summary.errors += 1;
    report({ type: "error", where, code, message });
  }
}

/** Waits until a time, ms since epoch, or until the signal says no. */
async function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, time - Date.now()), undefined, { signal }).catch(() => undefined);
}

function count(summary: Mutable<PassSummary>, { outcome }: Settled): void {
  summary.readBytes += outcome.readBytes;
  if (outcome.outcome === "sampled") {
    summary.sampled += 1;
    summary.bytes += outcome.bytes;
  } else {
    summary.failed += 1;
  }
}

function emptySummary(): Mutable<PassSummary> {
  return {
    datasets: 0,
    lines: 0,
    unchanged: 0,
    superseded: 0,
    rejected: 0,
    sampled: 0,
    failed: 0,
    paused: 0,
    errors: 0,
    readBytes: 0,
    bytes: 0,
    ms: 0,
    at: new Date().toISOString(),
  };
}
