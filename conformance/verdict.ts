/** A judge's view of one sample. */
export interface Judgement {
  /** `unjudged` where no reader reads the original. */
  readonly verdict: "exact" | "inexact" | "unjudged";
  readonly why?: string;
}

/** The result for one file of the corpus. */
export interface Verdict {
  readonly path: string;
  readonly format: string;
  readonly class: string;
  /** `crash` and `hang` are the product's; `metadata` is a description in place of a sample. */
  readonly result: Judgement["verdict"] | "metadata" | "failed" | "crash" | "hang";
  /** Of an inexact or unjudged sample; the reason of metadata; the code of a failure. */
  readonly why: string;
  /** The product's, in its receipt. */
  readonly warnings: readonly string[];
  /** The format the product says its sample has. */
  readonly sampledAs?: string;
  /** Findings of readers of Parquet. */
  readonly parquet?: ParquetFindings;
}

/** Findings of readers of Parquet in a sample. */
export interface ParquetFindings {
  readonly schemaExact: boolean;
  /** By reader; absent where it does not read the original. */
  readonly equal: Readonly<Record<string, boolean>>;
}
