/** Facts of a file that has no sample, at the price of a few reads. */
export interface Facts {
  readonly rows?: number;
  readonly columns?: readonly Column[];
  /** The compression of its data. */
  readonly codec?: string;
  readonly sheets?: readonly string[];
}

/** A column, with its type in the words of its format. */
export interface Column {
  readonly name: string;
  readonly type: string;
}
