import type { FailureFilter } from "./rows.ts";

/** Changes that people ask for, beside the daemon or without one. `now` is ms since epoch. */
export interface ChangeStore {
  /**
   * Makes failed (and pruned) entries due again, as if nothing had failed before; returns how many
   * of each dataset, for those that have some. A failure of a try that is under way does not undo
   * this; a success settles the entry.
   */
  retry(filter: FailureFilter, now: number): Promise<ReadonlyMap<string, number>>;
  /** Makes entries due again; returns how many. */
  makeDue(dataset: string, raws: readonly string[], now: number): Promise<number>;
  /** Makes due again what an earlier version of the program could not do; returns how many entries. */
  retryAfterUpgrade(version: string, now: number): Promise<number>;
  /**
   * Acknowledges failed entries that are not tried again; returns how many of each dataset, for
   * those that have some. Another line, failure or retry of an entry is acknowledged by none of this.
   */
  acknowledgeEntries(acknowledgement: Acknowledgement): Promise<ReadonlyMap<string, number>>;
  /** The same for rejected manifest lines. */
  acknowledgeLines(
    acknowledgement: Pick<Acknowledgement, "isUndone" | "hasDataset">,
    now: number,
  ): Promise<ReadonlyMap<string, number>>;
}

/** The failed entries that are acknowledged, or whose acknowledgement is taken back. */
export interface Acknowledgement extends Pick<FailureFilter, "code" | "hasDataset" | "hasRaw"> {
  /** True to take an earlier acknowledgement back. */
  readonly isUndone: boolean;
}
