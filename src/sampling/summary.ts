import type { PassSummary } from "../store/types.ts";
import type { Settled } from "../store/sqlite/settle.ts";

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
