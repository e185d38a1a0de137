import type { Settled } from "../store/sqlite/settle.ts";
import { counted } from "../lib/text.ts";

/** What a pass did. Counts, but for `ms` and bytes. */
export interface PassSummary {
  readonly datasets: number;
  readonly lines: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly rejected: number;
  readonly sampled: number;
  readonly failed: number;
  /** Samples that retention removed. */
  readonly pruned: number;
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

/** The same while it is counted. */
export type Counting = { -readonly [K in keyof PassSummary]: PassSummary[K] };

/** Nothing yet. */
export function emptySummary(): Counting {
  return {
    datasets: 0,
    lines: 0,
    unchanged: 0,
    superseded: 0,
    rejected: 0,
    sampled: 0,
    failed: 0,
    pruned: 0,
    paused: 0,
    errors: 0,
    readBytes: 0,
    bytes: 0,
    ms: 0,
    at: new Date().toISOString(),
  };
}

/** True for a pass that found no line and nothing due. */
export function isIdle({ lines, sampled, failed }: PassSummary): boolean {
  return lines + sampled + failed === 0;
}

/** Counts what became of an entry. */
export function count(summary: Counting, { outcome }: Settled): void {
  summary.readBytes += outcome.readBytes;
  if (outcome.outcome === "sampled") {
    summary.sampled += 1;
    summary.bytes += outcome.bytes;
  } else {
    summary.failed += 1;
  }
}

/** What was wrong with a pass that came to its end, on one line; undefined when nothing was. */
export function troubleOf({
  errors,
  paused,
}: Pick<PassSummary, "errors" | "paused">): string | undefined {
  const parts = [
    ...(errors > 0
      ? [`${counted(errors, "manifest or directory", "manifests or directories")} cannot be read`]
      : []),
    ...(paused > 0 ? [counted(paused, "dataset waits", "datasets wait")] : []),
  ];
  return parts.length === 0 ? undefined : `${parts.join(", ")}: see the log`;
}
