import type { FailureFilter } from "./rows.ts";

/** Changes that people ask for, beside the daemon or without one. `now` is ms since epoch. */
export interface ChangeStore {
  /**
   * Makes failed (and pruned) entries due again, as if nothing had failed before. Returns the
   * number of entries of each dataset that has some. A failure of a try that is under way does not
   * undo this; a success settles the entry.
   */
  retry(filter: FailureFilter, now: number): Promise<ReadonlyMap<string, number>>;
  /** Makes entries due again; returns their number. */
  makeDue(dataset: string, raws: readonly string[], now: number): Promise<number>;
  /**
   * Makes entries due again that failed for something an earlier version of the program could not
   * do, or that it could only describe; returns their number.
   */
  retryAfterUpgrade(program: Program, now: number): Promise<number>;
  /**
   * Acknowledges failed entries that are not tried again. Returns the number of entries of each
   * dataset that has some. A later line, failure or retry of an entry is not acknowledged by this.
   */
  acknowledgeEntries(acknowledgement: Acknowledgement): Promise<ReadonlyMap<string, number>>;
  /** The same for rejected manifest lines. */
  acknowledgeLines(
    acknowledgement: Pick<Acknowledgement, "isUndone" | "hasDataset">,
    now: number,
  ): Promise<ReadonlyMap<string, number>>;
}

/** The abilities of this program, by which a cache knows an upgrade. */
export interface Program {
  readonly version: string;
  /** Names of the formats that have samples of their own. */
  readonly formats: readonly string[];
}

/** The failed entries that are acknowledged, or whose acknowledgement is taken back. */
export interface Acknowledgement extends Pick<FailureFilter, "code" | "hasDataset" | "hasRaw"> {
  /** True to take an earlier acknowledgement back. */
  readonly isUndone: boolean;
}
