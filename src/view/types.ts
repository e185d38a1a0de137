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

/** The way delimited text is written. */
export interface Written {
  readonly delimiter: string;
  /** `ASCII`, `UTF-8`, `UTF-16 LE` and the like; `other` for bytes that are none of these. */
  readonly encoding: string;
  /** True where the first record names the columns; false where it looks like values. */
  readonly header: boolean;
  /** Lines above the first record, such as comments. */
  readonly above: number;
}

/** The content of a file, for people to look at. */
export interface View {
  /** As in receipts: `csv`, `csv.gz`, `metadata`. */
  readonly format: string;
  /** Facts of the whole file: name and value. */
  readonly facts: readonly (readonly [string, string])[];
  readonly tables: readonly Table[];
  readonly warnings: readonly string[];
  /** Of delimited text. */
  readonly written?: Written;
}
