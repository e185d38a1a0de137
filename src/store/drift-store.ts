import type { Series } from "../checks/shape/series.ts";

/** The part of the store that knows series: files that follow one another, and their shapes. */
export interface DriftStore {
  /** Some series of a dataset, by their keys. */
  series(dataset: string, keys: Iterable<string>): Promise<ReadonlyMap<string, Series>>;
  /**
   * Writes series of a dataset. Where there are more than `most` of them, those that were not seen
   * for the longest time are forgotten.
   */
  saveSeries(
    dataset: string,
    series: ReadonlyMap<string, Series>,
    options: { readonly now: number; readonly most: number },
  ): Promise<void>;
  /** All series of a dataset, the last seen first. */
  allSeries(dataset: string): AsyncIterable<KnownSeries>;
  /** Forgets a series, so that its next file is the first one; true where it was known. */
  forgetSeries(dataset: string, key: string): Promise<boolean>;
}

/** A series and its key. */
export interface KnownSeries {
  readonly key: string;
  readonly series: Series;
  /** ms since epoch. */
  readonly seenAt: number;
}
