/** Facts of a file that has no sample, at the price of a few reads. */
export interface Facts {
  readonly rows?: number;
  readonly columns?: readonly Column[];
  /** The compression of its data. */
  readonly codec?: string;
  readonly sheets?: readonly string[];
  /** Of a database: bytes of a page, and the encoding of its texts. */
  readonly pageBytes?: number;
  readonly encoding?: string;
  /** Tables of a database, or of a spreadsheet that says how large its sheets are. */
  readonly tables?: readonly TableFacts[];
  /** The version of its format. */
  readonly version?: string;
  readonly pages?: number;
  readonly encrypted?: boolean;
  /** Of a picture: pixels, and bits of one of them. */
  readonly width?: number;
  readonly height?: number;
  readonly bits?: number;
  readonly dimensions?: readonly { readonly name: string; readonly length: number }[];
  readonly arrays?: readonly ArrayFacts[];
  /** Names of what it holds, where no more is known of it. */
  readonly names?: readonly string[];
  /** Messages that a schema describes, with their packages. */
  readonly messages?: readonly string[];
}

/** An array of any number of dimensions. */
export interface ArrayFacts {
  readonly name?: string;
  /** In the words of its format. */
  readonly type: string;
  /** Lengths of its dimensions. */
  readonly shape: readonly number[];
}

/** A table of several. */
export interface TableFacts {
  readonly name: string;
  /** Left out where counting them would take many reads. */
  readonly rows?: number;
  /** The columns, or how many there are. */
  readonly columns?: readonly Column[] | number;
}

/** A column, with its type in the words of its format. */
export interface Column {
  readonly name: string;
  readonly type: string;
}
