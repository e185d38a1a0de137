import type { Failed, Job, Sampled } from "../job.ts";
import type { ShownOutcome, Verdict } from "./types.ts";
import type { Names } from "./ingest-store.ts";

/** Drain's part of the store: it gives out what is due, and takes the outcomes. */
export interface DrainStore {
  /** Takes what is due, in turn from every dataset that has something. */
  claim(options: ClaimOptions): Promise<readonly Claim[]>;
  /**
   * Time in which outcomes are gathered before they are settled, ms: a batch of few costs almost as
   * much as one of many.
   */
  batchMs(): number;
  /** Gives a claim's sample another name, since its content asked for it; returns the name. */
  rename(claim: Claim, names: Names, extension: string | null): Promise<string>;
  /**
   * Writes outcomes; `now` is ms since epoch. A success settles the version the job was given and no
   * other; a failure settles only when no newer line has come since.
   */
  settle(settled: readonly Settled[], now: number): Promise<void>;
  /**
   * Settles entries whose bronze file is what their sample was taken of; `now` is ms since epoch.
   * Nothing is settled for a line that came meanwhile.
   */
  confirm(claims: readonly Claim[], now: number): Promise<void>;
  /** Lets raw files go that were moved away before they were sampled, unless a line has named them. */
  moved(claims: readonly Claim[], now: number): Promise<void>;
  /** Leaves raw files for later that were not complete: no failure, and their outcome stays. */
  postpone(postponed: readonly Postponed[], now: number): Promise<void>;
  /** Returns the next time after `now` at which something is due; both ms since epoch. */
  nextRetry(now: number): Promise<number | undefined>;
  /**
   * Makes entries due at `now` (ms since epoch) that wait for a later time than any try can: the
   * clock was set back since. Returns their number.
   */
  bringForward(now: number, backOff: BackOff): Promise<number>;
}

/** A job, with what the store needs to settle it. */
export interface Claim {
  readonly job: Job;
  /** Failures so far. */
  readonly attempts: number;
  /** Of the first of them, ms since epoch. */
  readonly failedAt: number | null;
  /** The sample published before, below `samples/`. */
  readonly sample: string | null;
  /** The entry's outcome before this job. */
  readonly outcome: CountedOutcome;
  /** The verdict on the version that was checked before. */
  readonly validation: Verdict | null;
}

/** Options of `DrainStore.claim`. */
export interface ClaimOptions {
  /** Jobs wanted. */
  readonly limit: number;
  /**
   * True for the first claim of a drain: what was given out before, and is not in work, is given out
   * again. Later claims may go on where the last one ended.
   */
  readonly isFirst: boolean;
  readonly order: "oldest" | "newest";
  /** ms since epoch. */
  readonly now: number;
  /** True when a dataset is to be left out. */
  readonly skips: (dataset: string) => boolean;
  /** True while a raw is being worked on. */
  readonly isBusy: (dataset: string, raw: string) => boolean;
  /** Number of a dataset's raws that are being worked on. */
  readonly busyCount: (dataset: string) => number;
}

/** A claim and its outcome. */
export interface Settled {
  readonly claim: Claim;
  readonly outcome: Sampled | Failed;
  /** Time of the next try after a failure, ms since epoch; null for a dead letter. */
  readonly nextAt: number | null;
}

/** A claim on a raw file that was not complete, and the time of its next try, ms since epoch. */
export interface Postponed {
  readonly claim: Claim;
  readonly nextAt: number;
}

/** The waits between tries, ms: the first one, which doubles with each failure, and the longest. */
export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** An entry's outcome, as totals count it: `new` until the first one. */
export type CountedOutcome = "new" | ShownOutcome;
