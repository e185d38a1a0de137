/** A column of a table. */
export interface Column {
  readonly name: string;
  /**
   * The kind of its cells: integer, number, text, boolean, date, timestamp, list, object, empty or
   * mixed; or the format's own word, such as `decimal(10, 2)`.
   */
  readonly type: string;
}

/** Rows of short text. */
export interface Table {
  /** The subject of the table, such as an archive's member; null for the whole file. */
  readonly title: string | null;
  readonly columns: readonly Column[];
  /** A cell for each column; null where there is no value. Not made safe for a terminal. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Remarks about it, such as `first 20 of 100 rows`. */
  readonly notes: readonly string[];
}

/** The content of a file, for people to look at. */
export interface View {
  /** As in receipts: `csv`, `csv.gz`, `metadata`. */
  readonly format: string;
  /** Facts of the whole file: name and value. */
  readonly facts: readonly (readonly [string, string])[];
  readonly tables: readonly Table[];
  readonly warnings: readonly string[];
}
