import type { FailureCode } from "../errors.ts";
import type { RejectedLine } from "../manifest/types.ts";
import type { SettledOutcome, ShownOutcome, Verdict } from "./types.ts";

/** One entry and its outcome. Our own times are ISO 8601, mtimes seconds since epoch. */
export interface ListedEntry {
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  readonly mtime: number;
  /** Of the last settled job; null before the first. */
  readonly outcome: SettledOutcome | null;
  /** True when it was sampled, and that is only a description of the file. */
  readonly described: boolean;
  /** True when it is due or waits for another try. */
  readonly waiting: boolean;
  /** `samples/…`; null where there is none. */
  readonly sample: string | null;
  /** True when the sample is of an earlier version of the file. */
  readonly stale: boolean;
  readonly format: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly sourceSize: number | null;
  readonly reason: string | null;
  /** The verdict on the newest version that was checked; null where it is held to no contract. */
  readonly validation: Verdict | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly at: string | null;
  /** True for a failure that is not tried again and that people have seen. */
  readonly acknowledged: boolean;
  /** The file that the sample was taken of; null where there is none. */
  readonly from: "raw" | "bronze" | null;
  /** False where the newest version was found by looking, and no manifest line has named it yet. */
  readonly confirmed: boolean;
  /** Time at which such a raw file was missed, ISO 8601; null where it was not. */
  readonly goneAt: string | null;
}

/** Conditions on the entries to list: all of them by default. */
export interface ListFilter {
  readonly outcome?: ShownOutcome | "waiting";
  readonly validation?: Verdict;
  /** Of the last failure. */
  readonly code?: string;
  /** Settled since then, ms since epoch. */
  readonly since?: number;
  readonly hasDataset?: (dataset: string) => boolean;
  readonly hasRaw?: (raw: string) => boolean;
  /** Called with the sample as well: its name tells `tsv` from `csv`. */
  readonly hasFormat?: (format: string, sample: string | null) => boolean;
  /** The last settled first, instead of by dataset and raw. */
  readonly isNewestFirst?: boolean;
  readonly limit?: number;
}

/** All that is known of one entry. */
export interface WholeEntry extends ListedEntry {
  /** The mtime that the last settled job was for, seconds since epoch. */
  readonly doneMtime: number | null;
  /** Time of the first of the attempts that failed, ISO 8601. */
  readonly failedAt: string | null;
  /** Time at which the sample was published, ISO 8601; null where there is none. */
  readonly sampledAt: string | null;
  /** The mask that the sample was made under; null where it is verbatim. */
  readonly mask: string | null;
}

/** Conditions on failures. */
export interface FailureFilter {
  readonly code?: FailureCode;
  /** Also entries whose sample retention has removed. */
  readonly withPruned?: boolean;
  readonly hasDataset: (dataset: string) => boolean;
  readonly hasRaw: (raw: string) => boolean;
}

/** An entry whose last try failed. Times are ISO 8601. */
export interface FailedEntry {
  readonly dataset: string;
  readonly raw: string;
  /** null where a rebuilt cache knows no more than that it failed. */
  readonly code: FailureCode | null;
  readonly message: string | null;
  readonly attempts: number;
  /** Of the first failure of these attempts. */
  readonly failedAt: string | null;
  /** null for a dead letter. */
  readonly nextAt: string | null;
  /** True for a dead letter that people have seen. */
  readonly acknowledged: boolean;
}

/** A manifest line that was rejected. */
export interface RejectedEntry extends RejectedLine {
  readonly dataset: string;
  /** ISO 8601. */
  readonly at: string;
  /** True when people have seen it. */
  readonly acknowledged: boolean;
}

/** The cache's record of an entry's sample. */
export interface RecordedSample {
  readonly raw: string;
  /** Below `samples/`; null where there is none. */
  readonly sample: string | null;
  /** Bytes of the sample. */
  readonly bytes: number | null;
  readonly outcome: "sampled" | "failed" | "pruned" | null;
  /** True when it is due or waits for another try. */
  readonly waiting: boolean;
  /** True when it failed for good, and people have seen that. */
  readonly acknowledged: boolean;
  /** Time at which a raw file that no line has named was missed, ms since epoch; null for others. */
  readonly goneAt: number | null;
}

/** A bad manifest line that people have seen, and the number of times it occurs. */
export interface AcknowledgedLine extends Pick<RejectedLine, "line" | "offset" | "reason"> {
  readonly count: number;
}

/** Number of failures with a code. */
export interface CodeCount {
  readonly code: string;
  readonly entries: number;
}

/** Number of a dataset's entries that failed. */
export interface Failing {
  readonly dataset: string;
  readonly failed: number;
}

/** An entry that failed; `at` is ISO 8601, null where that is not known. */
export type NewestFailure = Pick<
  ListedEntry,
  "dataset" | "raw" | "code" | "message" | "attempts" | "nextAt" | "at"
>;

/** A manifest line that was rejected. */
export interface NewestLine extends RejectedLine {
  readonly dataset: string;
  /** ms since epoch. */
  readonly at: number;
}

/** A raw and its dataset. */
export interface RawName {
  readonly dataset: string;
  readonly raw: string;
}

/** A raw to look for that is not known as it is written. */
export interface Misspelt {
  readonly raw: string;
  /** The dataset to look in; all datasets when undefined. */
  readonly dataset?: string | undefined;
  /** Number of results, at most. */
  readonly count: number;
}

/** Raws to look for by a part of their path. */
export interface RawPart {
  readonly text: string;
  /** Names of the datasets to look in. */
  readonly datasets: readonly string[];
  /** Number of results, at most. */
  readonly count: number;
}

/** Options of `Queries.browse`: which of a dataset's entries to show. */
export interface BrowseOptions {
  readonly dataset: string;
  /**
   * The outcome that entries have; all that were settled when not given. `waiting`: due, or waiting
   * for another try.
   */
  readonly outcome?: ShownOutcome | "waiting";
  /** Part of the raw, letters in either case. */
  readonly search?: string;
  /** The `next` of the page before, to go on from there. */
  readonly after?: Cursor;
  /** Entries on a page. */
  readonly limit: number;
}

/** An entry's place in the order: by time (ms since epoch), by arrival where it waits, by raw. */
export interface Cursor {
  readonly at: number;
  readonly seq: number;
  readonly raw: string;
}

/** A page of entries. */
export interface BrowsePage {
  readonly entries: readonly ListedEntry[];
  /** Beginning of the next page; null when this was the last one. */
  readonly next: Cursor | null;
  /** Entries looked at to find these. */
  readonly looked: number;
}

/** An entry, and the list of its dataset that it is looked at in. */
export interface InList {
  readonly dataset: string;
  readonly raw: string;
  /** As in `BrowseOptions`. */
  readonly outcome?: BrowseOptions["outcome"] | undefined;
  readonly search?: string | undefined;
}

/** The raws before and after an entry in the order of its list; null where there is none. */
export interface Neighbours {
  readonly before: string | null;
  readonly after: string | null;
}

/** Entries that are due. */
export interface Backlog {
  readonly entries: number;
  /** Time at which the oldest of them became due, ms since epoch; null when there is none. */
  readonly oldestDueAt: number | null;
}

/** A bronze file as manifest lines may have it. */
export interface BronzeName {
  /** In any dataset when undefined. */
  readonly dataset: string | undefined;
  /** Below the dataset, and absolute. */
  readonly paths: readonly string[];
}

/** One dataset at a glance. Times are ms since epoch. */
export interface DatasetTotals {
  readonly dataset: string;
  readonly entries: number;
  readonly sampled: number;
  /** Entries that have only a description. */
  readonly described: number;
  readonly failed: number;
  /** Those of these that people have seen and that are not tried again. */
  readonly acknowledged: number;
  /** Entries whose sample retention has removed. */
  readonly pruned: number;
  /** Entries that are due, or wait for another try. */
  readonly waiting: number;
  /** Those of these whose time has come: the backlog. */
  readonly due: number;
  /** Time at which the oldest of those that are due became so; null when there is none. */
  readonly oldestDueAt: number | null;
  /** Manifest lines that were rejected, so far. */
  readonly rejected: number;
  /** Those of these that people have seen. */
  readonly acknowledgedLines: number;
  /** Entries settled within the last minute. */
  readonly lastMinute: number;
  /** Bytes read from bronze, so far. */
  readonly readBytes: number;
  /**
   * Entries whose newest version was found by looking, and that no manifest line has named yet;
   * counted to 10,000.
   */
  readonly unconfirmed: number;
  /** Verdicts on samples, so far. */
  readonly validatedPassed: number;
  readonly validatedWarned: number;
  readonly validatedFailed: number;
  readonly validatedError: number;
  /** Entries whose newest checked version fails. */
  readonly invalid: number;
  /** Entries that could not be checked: their contract could not be read. */
  readonly unchecked: number;
}

/** Entries whose last try failed with a code, and one of them. */
export interface FailuresOfCode {
  readonly code: FailureCode;
  readonly entries: number;
  /** Those of these that people have seen and that are not tried again. */
  readonly acknowledged: number;
  readonly example: { readonly dataset: string; readonly raw: string; readonly message: string };
}
