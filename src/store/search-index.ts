/** A sample as it was when it was put into the index. */
export interface IndexedSample {
  readonly dataset: string;
  readonly raw: string;
  /** Time at which it was settled, ms since epoch: a later sample of the same raw has another. */
  readonly at: number;
}

/** A sample with its words; undefined where it could not be looked at. */
export interface SampleWords extends IndexedSample {
  readonly words: readonly string[] | undefined;
}

/**
 * The index of words in samples: which samples may have a word. It is only a memory, which can be
 * removed at any time.
 */
export interface SearchIndex {
  /** Adds samples, each in the place of an earlier one of its raw. */
  add(samples: readonly SampleWords[]): Promise<void>;
  /** True when this very sample is in the index. */
  has(sample: IndexedSample): Promise<boolean>;
  /**
   * Samples that may have all of some words, the last added first, at most `count`. Words share
   * numbers: of a hundred samples that do not have a word, about one is among them.
   */
  samplesWith(words: readonly string[], count: number): Promise<readonly IndexedSample[]>;
  /** All samples of a dataset that were settled up to then are in the index; ms since epoch. */
  reached(dataset: string): Promise<number>;
  /** Notes how far the index of a dataset is complete. */
  reach(dataset: string, at: number): Promise<void>;
  /** Number of samples in the index. */
  count(): Promise<number>;
  /** Number of those of some datasets that could not be looked at. */
  failures(datasets: readonly string[]): Promise<number>;
  /** Removes all of it. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
