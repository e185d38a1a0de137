import type { Checkpoint, Entry, RejectedLine } from "../manifest/types.ts";
import type { ForgottenReceipt, Remembered } from "./remembered.ts";

/** Ingest's part of the store: checkpoints of manifests, and the entries of their lines. */
export interface IngestStore {
  /** Length above which a raw cannot be kept, bytes; undefined where any can. */
  readonly longestRaw?: number;
  /** Notes that a dataset is there; one that was forgotten is known again. */
  know(dataset: string): Promise<void>;
  /**
   * True when lines of a dataset have been taken in, if only of a file that was forgotten; files
   * that were found by looking do not count.
   */
  hasEntries(dataset: string): Promise<boolean>;
  /** The number of a dataset's entries. */
  entriesKnown(dataset: string): Promise<number>;
  /** A dataset's checkpoints, the current one first. */
  checkpoints(dataset: string): Promise<readonly Checkpoint[]>;
  saveCheckpoints(dataset: string, checkpoints: readonly Checkpoint[]): Promise<void>;
  /** Replaces all checkpoints of a dataset. */
  replaceCheckpoints(dataset: string, checkpoints: readonly Checkpoint[]): Promise<void>;
  removeCheckpoint(dataset: string, file: string): Promise<void>;
  /** Writes due entries and the checkpoints that move with them; `now` is ms since epoch. */
  accept(batch: Batch, now: number): Promise<Accepted>;
  /**
   * True when entries lie so far apart, among those that are known, that most of them would touch
   * pages of their own.
   */
  isScattered(dataset: string, entries: readonly Entry[]): Promise<boolean>;
  /** Begins to collect lines that are compared together. */
  sortedLines(dataset: string): Promise<SortedLines>;
  /**
   * Remembers, until a checkpoint of the dataset is saved, that the lines up to this place are
   * compared together.
   */
  putTogether(dataset: string, upTo: ManifestPlace): Promise<void>;
  /**
   * Returns the place up to which they are compared together; undefined where none is remembered.
   */
  togetherUpTo(dataset: string): Promise<ManifestPlace | undefined>;
  /** Forgets the rejected lines of a dataset: they will be found again. */
  forgetRejected(dataset: string): Promise<void>;
  /** Ends that: acknowledged lines that were not found again are gone, together with their file. */
  endRejected(dataset: string): Promise<void>;
  /**
   * Begins to put back what receipts say. They may come in any order: the last one of a raw, by its
   * time, counts.
   */
  rebuild(dataset: string): Promise<Rebuild>;
  /** True when another process wrote to the store since the last call. */
  isChangedByOthers(): Promise<boolean>;
}

/** Takes some of a dataset's receipts. */
export type Rebuild = (receipts: readonly (Remembered | ForgottenReceipt)[]) => Promise<void>;

/** Lines of one manifest, with the checkpoints that move with them. */
export interface Batch {
  readonly dataset: string;
  readonly entries: readonly Entry[];
  readonly rejected: readonly RejectedLine[];
  /**
   * The checkpoint after these lines, and those that retire; none while everything is read again.
   */
  readonly checkpoints: readonly Checkpoint[];
  /** Returns the names that a raw's sample may have. */
  readonly expectedFor: (raw: string) => Expected;
}

/** The names a raw's sample may have, and the extension in them: null for raw's own. */
export interface Expected {
  readonly names: Names;
  readonly extension: string | null;
}

/** Counts of lines, by decision. */
export interface Accepted {
  readonly due: number;
  readonly unchanged: number;
  readonly superseded: number;
}

/** The names that a raw's sample may have. */
export interface Names {
  readonly plain: string;
  /** The name that the sample has where another raw has the plain one. */
  readonly ifTaken: () => string;
  /** True where names that differ in case alone are one file. */
  readonly foldsCase?: boolean;
}

/** A place in a manifest file. */
export type ManifestPlace = Pick<Checkpoint, "file" | "offset" | "hash">;

/**
 * The last line of each raw of a long part of a manifest, kept on disk until all of that part is
 * read. Only then is anything compared: an old line never undoes a newer one, and rows that come in
 * no order are written in the order of their keys, each page once.
 */
export interface SortedLines {
  add(entries: readonly Entry[]): Promise<void>;
  /** Lines added so far. */
  count(): number;
  /**
   * Yields the last line of each raw, in pages: in the order of lines where one page holds them,
   * else in the order of raws. The store may be written to between two pages.
   */
  pages(): AsyncIterable<readonly Entry[]>;
  /** Gives the disk space back. */
  end(): Promise<void>;
}
