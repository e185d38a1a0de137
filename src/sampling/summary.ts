import type { Settled } from "../store/drain-store.ts";
import type { PassEvent } from "./events.ts";
import type { PassSummary } from "../store/types.ts";

const INGESTED = ["lines", "unchanged", "superseded", "rejected"] as const;

/** A pass summary while it is counted. */
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
    described: 0,
    failed: 0,
    confirmed: 0,
    moved: 0,
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
export function isIdle(summary: PassSummary): boolean {
  const { lines, sampled, described, failed, confirmed, moved } = summary;
  return lines + sampled + described + failed + confirmed + moved === 0;
}

/** Counts an event of a pass. */
export function addToSummary(summary: Counting, event: PassEvent): void {
  switch (event.type) {
    case "ingested":
      for (const key of INGESTED) summary[key] += event.ingested[key];
      break;
    case "settled":
      return addOutcome(summary, event.settled);
    case "pruned":
      summary.pruned += event.pruned.files;
      break;
    case "paused":
      summary.paused += 1;
      break;
    case "error":
    case "unlisted":
      summary.errors += 1;
      break;
    case "confirmed":
    case "moved":
      summary[event.type] += 1;
  }
}

function addOutcome(summary: Counting, { outcome }: Settled): void {
  summary.readBytes += outcome.readBytes;
  if (outcome.outcome === "sampled") {
    summary[outcome.described === true ? "described" : "sampled"] += 1;
    summary.bytes += outcome.bytes;
  } else {
    summary.failed += 1;
  }
}
