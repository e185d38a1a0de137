import type { Checkpoint } from "../manifest/types.ts";
import type { Host } from "./types.ts";
import type {
  AcknowledgedLine,
  Backlog,
  BronzeName,
  BrowseOptions,
  BrowsePage,
  CodeCount,
  DatasetTotals,
  FailedEntry,
  Failing,
  FailureFilter,
  FailuresOfCode,
  InList,
  ListFilter,
  ListedEntry,
  Misspelt,
  Neighbours,
  NewestFailure,
  NewestLine,
  RawName,
  RawPart,
  RecordedSample,
  RejectedEntry,
  WholeEntry,
} from "./rows.ts";

/** The part of the store for commands, page and metrics. Nothing is held between two calls. */
export interface Queries {
  /** The hosts that share a database, by name; none where there is a cache. */
  hosts(): Promise<readonly Host[]>;
  /** Names of all datasets that are known, sorted. */
  datasets(): Promise<readonly string[]>;
  /** A dataset's checkpoints, the current one first. */
  checkpoints(dataset: string): Promise<readonly Checkpoint[]>;
  /**
   * Every dataset at a glance, by name. Costs a look at the entries that wait, and not at all of
   * them.
   */
  totals(now: number): Promise<readonly DatasetTotals[]>;
  /** Entries that are due at `now`, ms since epoch, in datasets that get samples. */
  backlog(now: number, isSampled: (dataset: string) => boolean): Promise<Backlog>;
  /** Failures by code, most first. */
  failuresByCode(): Promise<readonly FailuresOfCode[]>;
  /** Numbers of a dataset's failures by code, most first. */
  countsByCode(dataset: string): Promise<readonly CodeCount[]>;
  /** The newest failures by code, at most `count` of each. */
  newestFailures(
    datasets: readonly Failing[],
    wanted: { readonly codes: readonly string[]; readonly count: number },
  ): Promise<ReadonlyMap<string, readonly NewestFailure[]>>;
  /** The manifest lines that were rejected last, at most `count`. */
  newestLines(count: number, dataset?: string): Promise<readonly NewestLine[]>;
  /** Entries by dataset and raw, or newest first. */
  entries(filter: ListFilter): AsyncIterable<ListedEntry>;
  /**
   * A page of a dataset's entries, the newest first; entries that wait come in the order of their
   * next try.
   */
  browse(options: BrowseOptions): Promise<BrowsePage>;
  /** The entries before and after one in the order in which `browse` shows them. */
  neighbours(entry: InList): Promise<Neighbours>;
  /** Failed entries by dataset and raw. */
  failedEntries(filter: FailureFilter): AsyncIterable<FailedEntry>;
  /** Rejected manifest lines by dataset, in the order they came. */
  rejectedLines(filter: Pick<FailureFilter, "hasDataset">): AsyncIterable<RejectedEntry>;
  /** Counts the acknowledged bad lines of a dataset, by place and reason. */
  acknowledgedLines(dataset: string): Promise<readonly AcknowledgedLine[]>;
  /** The formats that samples have, sorted; looks at every entry. */
  formats(): Promise<readonly string[]>;
  /** The entries of a raw, by dataset; of one dataset where it is named. */
  entriesOf(raw: string, dataset?: string): Promise<readonly WholeEntry[]>;
  /** The raws that a sample name was given to, by dataset; of one dataset where it is named. */
  rawsOfSample(name: string, dataset?: string): Promise<readonly RawName[]>;
  /** The raws whose newest line names a bronze file; looks at every entry. */
  rawsOfBronze(bronze: BronzeName): Promise<readonly RawName[]>;
  /** Raws that may be meant by one that is unknown, at most `count`. */
  nearRaws(misspelt: Misspelt): Promise<readonly RawName[]>;
  /** Raws that end with a path, such as a file name alone; at most `count`. */
  rawsEnding(misspelt: Misspelt): Promise<readonly RawName[]>;
  /** Raws that begin with a text, by dataset, at most `count`. */
  rawsBeginning(misspelt: Misspelt): Promise<readonly RawName[]>;
  /** Raws that have a text in their path, letters of ASCII in either case; looks at every name. */
  rawsContaining(part: RawPart): Promise<readonly RawName[]>;
  /** Entries of a dataset after a raw, in order, at most `count`; from the first where it is null. */
  recordedSamples(
    dataset: string,
    after: string | null,
    count: number,
  ): Promise<readonly RecordedSample[]>;
  /** Returns those of these raws that are not entries and were not forgotten. */
  missingOf(dataset: string, raws: readonly string[]): Promise<readonly string[]>;
  /** Returns those of these files below `samples/` that are no entry's sample. */
  orphansAmong(dataset: string, names: readonly string[]): Promise<readonly string[]>;
}
