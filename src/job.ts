import type { CheckFacts } from "./checks/checks.ts";
import type { FailureCode } from "./errors.ts";
import type { RecognisedBy, SampleSummary } from "./formats/types.ts";

/** One piece of work: sample this bronze file. Plain JSON. */
export interface Job {
  /** `vendor/dataset/version`. */
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  /** Seconds since epoch, of the raw file. */
  readonly mtime: number;
  /** Arrival number of the line that made it due. */
  readonly seq: number;
  /** The sample's path, relative to `samples/`. */
  readonly name: string;
  /** The extension in that name where it is not raw's own. */
  readonly extension: string | null;
  /** True where an earlier version of the file has its sample under that name. */
  readonly hasSample?: boolean;
  /**
   * The directory that links led to when the dataset was first held (`lake/lake.ts`); null where
   * there were no links.
   */
  readonly linkedTo?: string | null | undefined;
  /** Of the raw file, where it was found by looking: bronze is its raw path then. */
  readonly inode?: string;
  /** Number of the turn in which it is done: once that is over, nothing may be published. */
  readonly turn?: number;
  /** Set where a sample of the raw file is there, which the bronze file may confirm. */
  readonly confirms?: RawSample;
}

/** A sample that was taken of a raw file, as it is published. */
export interface RawSample {
  /** Bytes of the raw file. */
  readonly sourceSize: number;
  /** Bytes of the sample. */
  readonly bytes: number;
  readonly format: string;
  readonly rows?: number;
  readonly reason?: string;
}

/** A sample stands under its name. */
export interface Sampled extends SampleSummary, Partial<CheckFacts> {
  readonly outcome: "sampled";
  readonly recognisedBy: RecognisedBy;
  /** Bytes of the sample. */
  readonly bytes: number;
  /** Bytes read from bronze. */
  readonly readBytes: number;
  /** Requests that were sent for it, where it is an object elsewhere. */
  readonly requests?: number;
  /** Bytes of the bronze file; null where its server does not say. */
  readonly sourceSize: number | null;
  /** The fingerprint of the mask that it was made under; absent where it is verbatim. */
  readonly mask?: string;
  readonly ms: number;
  /** Set where it was taken of the raw file, which has this mtime and inode. */
  readonly from?: "raw";
  /** Seconds since epoch. */
  readonly mtime?: number;
  readonly inode?: string;
}

/** The sample of the raw file is one of the bronze file: they are of one size and time. */
export interface Confirmed {
  readonly outcome: "confirmed";
  /** Bytes read from bronze. */
  readonly readBytes: number;
  readonly requests?: number;
  readonly ms: number;
}

/** The raw file is not there any more: its manifest line will say where it is. */
export interface Moved {
  readonly outcome: "moved";
  readonly readBytes: number;
  readonly ms: number;
}

/** No sample, and why. */
export interface Failed {
  readonly outcome: "failed";
  readonly code: FailureCode;
  readonly message: string;
  readonly readBytes: number;
  readonly requests?: number;
  readonly ms: number;
}

/** The whole dataset has to wait: its storage is missing or full. The entry stays due. */
export interface Paused {
  readonly outcome: "paused";
  readonly code: FailureCode;
  readonly message: string;
}

/** The content asks for another extension than the job's name has; ask again with that one. */
export interface Misnamed {
  readonly outcome: "misnamed";
  /** The sample's extension, or null for the raw file's own. */
  readonly extension: string | null;
  /** Bytes read from bronze to find that out. */
  readonly readBytes: number;
  readonly requests?: number;
}

/** The work was stopped from outside; the entry stays due. */
export interface Aborted {
  readonly outcome: "aborted";
}

/** The outcome of a job. Plain JSON. */
export type Outcome = Sampled | Confirmed | Failed | Moved | Paused | Misnamed | Aborted;

/** Does one job. Never throws. The one seam for threads and queues. */
export type RunJob = (job: Job, signal: AbortSignal) => Promise<Outcome>;

/** Runs jobs, in this process or in threads. */
export interface JobRunner {
  readonly run: RunJob;
  /** Abandons the jobs that were handed over and have not begun. */
  readonly release: () => void;
  /** False once a job was ended from outside: what it had begun to write may still be there. */
  readonly wasClean: () => boolean;
  /** Takes the datasets in which jobs were ended so since the last call. */
  readonly takeEnded: () => readonly string[];
}
