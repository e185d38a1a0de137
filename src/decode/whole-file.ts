/** Facts of a whole file that stand at its end, where its sample has only the first rows. */
export interface WholeFile {
  readonly rows: number;
  /** The parts that it has, such as `20 row groups`. */
  readonly parts: string;
  /** The ways in which it is compressed. */
  readonly codecs: readonly string[];
  readonly columns: readonly WholeColumn[];
}

/** A column over all rows of a file; null for what its statistics do not say of all of them. */
export interface WholeColumn {
  readonly name: string;
  readonly min: string | null;
  readonly max: string | null;
  readonly nulls: number | null;
}
