import type { SettledOutcome } from "./types.ts";

/** The cache's knowledge of a raw file when a new line names it. */
export interface Known {
  /** Time at which it is due, ms since epoch; null when nothing is to be done. */
  readonly nextAt: number | null;
  /** Of the last settled job. */
  readonly outcome: SettledOutcome | null;
  /** The mtime it was for, seconds since epoch. */
  readonly doneMtime: number | null;
}

/**
 * `unchanged`: nothing to do; `due`: to be sampled; `superseding`: to be sampled, in place of a
 * line that waits.
 */
export type Decision = "unchanged" | "due" | "superseding";

/**
 * Decides on a manifest line. Any difference in mtime, in either direction, is a change. While an
 * earlier line still waits (or is in flight) nothing is taken for unchanged: what is published
 * then may be of another version.
 */
export function decide(mtime: number, known: Known | undefined): Decision {
  if (known === undefined) return "due";
  if (known.nextAt !== null && known.outcome !== "failed") return "superseding";
  const settled = known.outcome === "sampled" || known.outcome === "pruned";
  return settled && known.nextAt === null && known.doneMtime === mtime ? "unchanged" : "due";
}
