import type { ListedPage, RawDirectory } from "../raw/types.ts";
import type { Batch } from "./ingest-store.ts";

/** The part of the store for those who look at raw files: directories as they were listed. */
export interface RawStore {
  /** A dataset's directories, as they were listed last. */
  directories(dataset: string): Promise<readonly RawDirectory[]>;
  /** The names that are known of a directory, joined; empty where it was never listed. */
  namesIn(dataset: string, path: string): Promise<string>;
  /**
   * Makes files due that are complete and new, and remembers directories that were listed to their
   * end, in one transaction. `now` is ms since epoch.
   */
  take(batch: RawBatch, now: number): Promise<RawTaken>;
  /** Forgets a directory that is gone: its files are, too. `now` is ms since epoch. */
  removeDirectory(dataset: string, path: string, now: number): Promise<void>;
}

/** Files that were found in directories of a dataset. */
export interface RawBatch extends Pick<Batch, "dataset" | "expectedFor"> {
  readonly pages: readonly ListedPage[];
  /** Time for which some of them have to stay as they are, seconds. */
  readonly quietSeconds: number;
}

/** Numbers of files that were found, by what they led to; others have to stay as they are first. */
export interface RawTaken {
  readonly due: number;
  readonly unchanged: number;
}
