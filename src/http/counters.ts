import type { Settled } from "../store/drain-store.ts";
import type { PassEvent } from "../sampling/events.ts";

/** Upper bounds of the buckets for the time that a sample took, seconds. */
export const SAMPLE_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30,
] as const;
/** The same for a pass over all datasets. */
export const PASS_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600] as const;

/** A histogram of durations. */
export interface Spread {
  count: number;
  /** Seconds in all. */
  sum: number;
  /** Numbers of durations within each upper bound and above the one before it. */
  readonly buckets: number[];
}

/** Counts since the daemon began. Plain data: they go to another process. */
export interface Work {
  /** Manifest lines that made an entry due. */
  due: number;
  unchanged: number;
  superseded: number;
  rejected: number;
  /** Manifests that were read again from 0. */
  rereads: number;
  /** Bytes read from bronze, and bytes of samples written. */
  readBytes: number;
  writtenBytes: number;
  /** Samples that retention removed, and their bytes. */
  pruned: number;
  prunedBytes: number;
  /** Findings, by kind and severity with a space between. */
  readonly findings: Record<string, number>;
  /** Temporary files of an earlier process that were removed. */
  cleanedUp: number;
  /** Samples of raw files that a manifest line confirmed. */
  confirmed: number;
  /** Raw files that were moved away before they were sampled. */
  moved: number;
  /** Directories of raw files that were listed, and could not be. */
  listed: number;
  unlisted: number;
  /** By format: the time that each sample took. */
  readonly sampled: Record<string, Spread>;
  /** By code: entries that failed, once for each try. */
  readonly failed: Record<string, number>;
  /** By code: errors of manifests and directories, and datasets that wait. */
  readonly errors: Record<string, number>;
  /** Passes over all datasets. */
  readonly passes: Spread;
  /** Time of the last commit to the cache, ms since epoch; null before the first one. */
  committedAt: number | null;
}

/**
 * Formats that have series of their own, at most. Formats are a closed list; this bounds the series
 * should that change.
 */
const MOST_FORMATS = 40;
const OTHER = "other";

/** Returns counts of nothing. */
export function emptyWork(): Work {
  return {
    due: 0,
    unchanged: 0,
    superseded: 0,
    rejected: 0,
    rereads: 0,
    readBytes: 0,
    writtenBytes: 0,
    pruned: 0,
    prunedBytes: 0,
    cleanedUp: 0,
    findings: {},
    confirmed: 0,
    moved: 0,
    listed: 0,
    unlisted: 0,
    sampled: {},
    failed: {},
    errors: {},
    passes: emptySpread(PASS_BUCKETS),
    committedAt: null,
  };
}

/** Adds an event of a pass. */
export function addEvent(work: Work, event: PassEvent): void {
  switch (event.type) {
    case "settled":
      return addSettled(work, event.settled);
    case "ingested": {
      const { lines, due, unchanged, superseded, reread } = event.ingested;
      if (reread !== undefined) work.rereads += 1;
      if (lines === 0) return;
      work.due += due;
      work.unchanged += unchanged;
      work.superseded += superseded;
      work.committedAt = Date.now();
      return;
    }
    case "finding": {
      const name = `${event.finding.kind} ${event.finding.severity}`;
      work.findings[name] = (work.findings[name] ?? 0) + 1;
      return;
    }
    case "rejected":
      work.rejected += 1;
      return;
    case "cleanedUp":
      work.cleanedUp += event.files;
      return;
    case "pruned":
      work.pruned += event.pruned.files;
      work.prunedBytes += event.pruned.bytes;
      work.committedAt = Date.now();
      return;
    case "confirmed":
    case "moved":
      work[event.type] += 1;
      work.committedAt = Date.now();
      return;
    case "looked":
      work.listed += event.looked.listed;
      return;
    case "unlisted":
      work.unlisted += 1;
      return;
    case "paused":
    case "error":
      work.errors[event.code] = (work.errors[event.code] ?? 0) + 1;
  }
}

/** Adds to a spread. */
export function addSeconds(spread: Spread, bounds: readonly number[], seconds: number): void {
  spread.count += 1;
  spread.sum += seconds;
  let i = 0;
  while (i < bounds.length && seconds > (bounds[i] as number)) i += 1;
  // What is longer than the last bound is in the count alone.
  if (i < bounds.length) spread.buckets[i] = (spread.buckets[i] as number) + 1;
}

function addSettled(work: Work, { outcome }: Settled): void {
  work.committedAt = Date.now();
  work.readBytes += outcome.readBytes;
  if (outcome.outcome === "failed") {
    work.failed[outcome.code] = (work.failed[outcome.code] ?? 0) + 1;
    return;
  }
  work.writtenBytes += outcome.bytes;
  addSeconds(spreadOf(work, outcome.format), SAMPLE_BUCKETS, outcome.ms / 1000);
}

function spreadOf({ sampled }: Work, format: string): Spread {
  const known = sampled[format];
  if (known !== undefined) return known;
  const name = Object.keys(sampled).length < MOST_FORMATS ? format : OTHER;
  return (sampled[name] ??= emptySpread(SAMPLE_BUCKETS));
}

function emptySpread(bounds: readonly number[]): Spread {
  return { count: 0, sum: 0, buckets: bounds.map(() => 0) };
}
