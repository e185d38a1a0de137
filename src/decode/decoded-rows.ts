import type { Column } from "../formats/facts/facts.ts";

/** The first rows of a file, each with a value for `cellOf` for each column. */
export interface DecodedRows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
  /** The reason why rows are missing; undefined where none is. */
  readonly fault: string | undefined;
}
