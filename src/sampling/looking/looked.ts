/** The findings of looks. */
export interface Found {
  /** Directories that were listed. */
  listed: number;
  /** Files that are due since. */
  due: number;
  /** Files that were looked at, and led to nothing. */
  unchanged: number;
}

/** The findings of one look at a dataset's raw files, and the time it took. */
export interface Looked extends Readonly<Found> {
  readonly ms: number;
}
