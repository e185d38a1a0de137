import type { RecordScanner } from "../../lib/records.ts";

/** A text of records, as far as strategies have to know it. */
export interface RecordText {
  readonly format: string;
  /** Records above the rows that are kept in any case: 1 for a header. */
  readonly headers: number;
  readonly warnings: readonly string[];
  /**
   * Makes a scanner of its records, from the start of the file or from a border between two of
   * them. What is odd is told to `warn`.
   */
  scanner(from: "start" | "border", warn: (warning: string) => void): RecordScanner;
  /** The means to find borders in its middle; a string is the reason why there are none. */
  borders(): Borders | string;
}

/** The means to find borders between records in the middle of a text. */
export interface Borders {
  /** Bytes of the longest record that was seen at the start. */
  readonly longest: number;
  /** The offset of a border that is certain, in bytes that begin anywhere. */
  find(bytes: Uint8Array): number | undefined;
}
