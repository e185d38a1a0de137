/** The outcome of an entry's last job, or of its sample since. */
export type SettledOutcome = "sampled" | "failed" | "pruned";

/** The results of a pass: counts, except `ms` and bytes. */
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
  /** Time at which the pass began, ISO 8601. */
  readonly at: string;
}
