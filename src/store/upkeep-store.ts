import type { PrunedSample } from "../samples/receipts.ts";

/** Upkeep's part of the store: samples by age, samples that are not on stable storage, forgetting. */
export interface UpkeepStore {
  /** Published samples of a dataset before a place in the order of age, from the newest one on. */
  newestSamples(
    dataset: string,
    before: SamplePosition,
    count: number,
  ): Promise<readonly (SamplePosition & Pick<Published, "bytes">)[]>;
  /** Published samples of a span, from the oldest one on. */
  oldestSamples(dataset: string, span: SampleSpan, count: number): Promise<readonly Published[]>;
  /**
   * Calls `remove` for each sample that is still as it was listed, and notes that it is gone; a
   * failed entry stays failed. Other writers are kept out: no line can make an entry due while its
   * sample goes. Ends where `remove` throws; what came before is done. On a full disk the samples
   * make the room for the notes: nothing is written before they are gone. Where the notes fail all
   * the same, the next time lists the same samples, and finds them gone.
   */
  prune(dataset: string, samples: readonly Published[], remove: RemoveSample): Promise<Removal>;
  /** Samples that were settled and not synced, oldest first. */
  unsynced(limit: number): Promise<readonly Unsynced[]>;
  /**
   * Removes the first of these up to the last of `done`. Makes those of `redo`, which are among
   * them, due at `now` (ms since epoch); returns the number that became due.
   */
  finishSync(done: readonly Unsynced[], redo: readonly Unsynced[], now: number): Promise<number>;
  /** Counts what is known of a dataset, or of one of its raws. */
  forgettable(dataset: string, raw?: string): Promise<Forgettable>;
  /**
   * Forgets one raw, with its sample: a line with its mtime no longer changes anything. The
   * sample's name stays reserved for the raw.
   * @throws what `remove` throws
   */
  forgetRaw(dataset: string, raw: string, options: ForgetRawOptions): Promise<void>;
  /**
   * Forgets some more entries of a dataset, each with its sample; returns their number. Ends where
   * `remove` throws; what came before is done.
   * @throws what `remove` throws
   */
  forgetSome(dataset: string, remove: RemoveSample): Promise<number>;
  /** Forgets the rest of a dataset: names, checkpoints, bad lines, counts. `now` is ms since epoch. */
  forgetRest(dataset: string, now: number): Promise<void>;
  /** The mask that all samples of a dataset were made under, by dataset; without those that have none. */
  masks(): Promise<ReadonlyMap<string, string>>;
  /** True when an entry has this sample, below `samples/`, and it was made under the mask. */
  isMadeUnder(dataset: string, sample: string, mask: string | null): Promise<boolean>;
  /**
   * Makes entries due whose sample was made under another mask, and forgets what is known of these
   * samples, and what failures said; returns the number that became due. `now` is ms since epoch.
   */
  redoOthers(dataset: string, mask: string | null, now: number): Promise<number>;
  /**
   * Notes that all samples of a dataset were made under a mask, and forgets the shapes of its files:
   * other names may be hidden.
   */
  setMask(dataset: string, mask: string | null): Promise<void>;
  /** Makes the free room inside the store usable again, before it takes more of the disk. */
  reuseRoom(): Promise<void>;
}

/** A place in the order of age: by time, ms since epoch, then by raw. */
export interface SamplePosition {
  readonly sampledAt: number;
  readonly raw: string;
}

/** A span of that order, without its ends. */
export interface SampleSpan {
  readonly after: SamplePosition;
  readonly before: SamplePosition;
}

/** A published sample whose entry has no work under way. */
export interface Published extends SamplePosition, PrunedSample {}

/** The result of `UpkeepStore.prune`. */
export interface Removal {
  readonly removed: readonly Published[];
  /** The error thrown at the sample after these; undefined where there was none. */
  readonly failure: unknown;
}

/** A sample that may not be on stable storage yet. */
export interface Unsynced {
  readonly id: number;
  /** Time at which it was noted, ms since epoch; 0 where that is not known. */
  readonly at: number;
  /** The dataset's name. */
  readonly dataset: string;
  /** Below samples/; null when there is nothing to look after: it is due anyway, or has failed. */
  readonly sample: string | null;
  /** Of the sample; null where that is not known. */
  readonly bytes: number | null;
  /** Time at which the sample was settled, ms since epoch. */
  readonly settledAt: number;
}

/** Counts of what is to be forgotten. */
export interface Forgettable {
  readonly entries: number;
  /** Samples that entries have, and their bytes. */
  readonly samples: number;
  readonly bytes: number;
}

/** Called with the sample of each entry that has one, below `samples/`. */
export type RemoveSample = (sample: string) => void;

/** Options of `UpkeepStore.forgetRaw`. */
export interface ForgetRawOptions {
  readonly remove: RemoveSample;
  /** ms since epoch. */
  readonly now: number;
}
