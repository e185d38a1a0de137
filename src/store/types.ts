import type { Validation } from "../checks/contract/validation.ts";
/** The outcome of an entry's last job, or of its sample since. */
export type SettledOutcome = "sampled" | "failed" | "pruned";

/** The same as people see and count it: samples that only describe their file are told apart. */
export type ShownOutcome = SettledOutcome | "described";

/** The results of a pass: counts, except `ms` and bytes. */
export interface PassSummary {
  readonly datasets: number;
  readonly lines: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly rejected: number;
  readonly sampled: number;
  /** Files that have only a description: not among those that were sampled. */
  readonly described: number;
  readonly failed: number;
  /** Samples of raw files that a manifest line confirmed. */
  readonly confirmed: number;
  /** Raw files that were moved away before they were sampled. */
  readonly moved: number;
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
  /** Time at which the pass began, ISO 8601. */
  readonly at: string;
}

/** The verdict on a sample that was held to a contract. */
export type Verdict = Validation["result"];

/** All of them. */
export const verdicts: readonly Verdict[] = ["passed", "warned", "failed", "error"];

/** The place of a store: the cache of a state directory, or a database in its stead. */
export interface StorePlace {
  readonly state: string;
  /** `postgresql://…`; undefined for the cache. */
  readonly database?: string | undefined;
}

/** A process that works on the store, as far as it is known. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Time after its last sign of life from which the work of a host may be others', s. */
export const SILENT_SECONDS = 10;

/** A host that works on a database, as it last told. */
export interface Host extends Holder {
  readonly version: string;
  /** Lanes that it looks after, of 64; 0 once others may have them, since it is silent. */
  readonly lanes: number;
  /** Files that it settled in the last minute; 0 for one that is silent. */
  readonly lastMinute: number;
  /** Time since its last sign of life, s. */
  readonly silentSeconds: number;
}

/**
 * The right to work on the store: alone, or on a database together with other hosts. It ends with the
 * process.
 */
export interface Lock {
  /**
   * Takes the right again where it was lost; returns what had happened then, and undefined otherwise.
   * @throws Failure ALREADY_RUNNING where another process was faster; CACHE_UNUSABLE
   */
  keep(): Promise<string | undefined>;
  /**
   * Aborts when the right may have been lost: nothing that is in work may be published then. Another
   * signal after it was taken again.
   */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Things that are counted, per dataset. */
export type Counted =
  | "lines"
  | "due"
  | "unchanged"
  | "superseded"
  | "rejected"
  | "sampled"
  | "failed"
  | "readBytes";
