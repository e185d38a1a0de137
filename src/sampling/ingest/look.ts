import type { Accepted } from "../../store/ingest-store.ts";
import type { HeldDirectory } from "../../lake/held-directory.ts";
import type { HeldDataset } from "../../lake/lake.ts";
import type { ManifestFile } from "../../manifest/files.ts";
import type { ReadBatch } from "../../manifest/read.ts";

/** The result of one step. */
export interface Taken extends Accepted {
  readonly lines: number;
  readonly rejected: number;
}

/** The end of a look. */
export interface LookEnd {
  readonly unsettledUntil?: number;
  readonly reread?: string;
  readonly restored?: number;
  readonly allRead?: ManifestFile;
}

/** The dataset whose manifest is looked at, the time, and what has to be seen twice. */
export interface Sight {
  readonly dataset: string;
  /** Time at which it began, or was gone on with, ms since epoch: doubts are seen now, not then. */
  now: number;
  /**
   * Doubts that the look before had to see twice, and the time since which each was seen, ms since
   * epoch.
   */
  readonly since: ReadonlyMap<string, number>;
  /** The doubts of this look, likewise. */
  readonly doubts: Map<string, number>;
}

/** One look at one manifest. */
export interface Look extends Sight {
  /** The dataset's directory, and that of its manifests, held until the look ends. */
  readonly held: HeldDataset;
  readonly directory: HeldDirectory;
  /** Ids of all files that were there when the look began to read. */
  there: ReadonlySet<string>;
  /** The files that are to be read, as they were found. */
  found: readonly ManifestFile[];
  /** True once beginning the look again would mean reading again. */
  isCostly: boolean;
  /** True once only lines that have come since the look began are left to read. */
  isAtEnd: boolean;
}

/** The steps of a look; between any two of them it can be left, for a while or for good. */
export type Steps = AsyncGenerator<Taken, LookEnd, void>;

/** The result of a step that only reads. */
export const NOTHING: Taken = { lines: 0, due: 0, unchanged: 0, superseded: 0, rejected: 0 };

/** Returns the result of reading a batch. */
export function takenOf({ entries, rejected }: ReadBatch): Taken {
  return { ...NOTHING, lines: entries.length, rejected: rejected.length };
}

/** True once the same thing was seen twice, `settleMs` apart. */
export function isSettled({ now, since, doubts }: Sight, what: string, settleMs: number): boolean {
  // A clock that was set back since would have us wait for as long as it was.
  const first = Math.min(since.get(what) ?? now, now);
  doubts.set(what, first);
  return now - first >= settleMs;
}
