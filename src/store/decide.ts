import { isSameTime } from "../raw/same-time.ts";
import type { RawFile } from "../raw/types.ts";
import type { SettledOutcome } from "./types.ts";

/** The cache's knowledge of a raw file when a new line names it. */
export interface Known {
  /** Time at which it is due, ms since epoch; null when nothing is to be done. */
  readonly nextAt: number | null;
  /** Of the last settled job. */
  readonly outcome: SettledOutcome | null;
  /** The mtime it was for, seconds since epoch. */
  readonly doneMtime: number | null;
  /** True where the newest version was found by looking, and no line has named it yet. */
  readonly isUnconfirmed?: boolean;
}

/** The cache's knowledge of a raw file that is found by looking. */
export interface KnownFile extends Known {
  /** Of the newest version, seconds since epoch. */
  readonly mtime: number;
  /** Of the raw file, where that version was found by looking; null where a line named it. */
  readonly inode: string | null;
  /** Bytes of the version that was sampled last. */
  readonly sourceSize: number | null;
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
  if (known.isUnconfirmed === true) return "due";
  const isSame = known.nextAt === null && known.doneMtime === mtime;
  return isSettled(known) && isSame ? "unchanged" : "due";
}

/**
 * Decides on a raw file that was found by looking. What a line has named is due only in a newer
 * version: a look never undoes a line.
 */
export function decideFound(
  { mtime, inode, size }: Pick<RawFile, "mtime" | "inode" | "size">,
  known: KnownFile | undefined,
): Decision {
  if (known === undefined) return "due";
  const isWaiting = known.nextAt !== null;
  const changed = isWaiting && known.outcome !== "failed" ? "superseding" : "due";
  if (known.inode === null) {
    const isOld = mtime <= known.mtime || isSameTime(known.mtime, mtime);
    return isOld ? "unchanged" : changed;
  }
  if (known.inode !== inode || known.mtime !== mtime) return changed;
  if (isWaiting) return "unchanged";
  // It was gone before it could be sampled, and is back.
  if (known.doneMtime !== mtime) return "due";
  return isSettled(known) && known.sourceSize !== size ? "due" : "unchanged";
}

function isSettled({ outcome }: Known): boolean {
  return outcome === "sampled" || outcome === "pruned";
}
