/** Thrown where a dataset's turn is another host's by now: nothing was written. */
export class TurnLost extends Error {}

/**
 * The turns that this host has, where several hosts share a database. All work is divided into
 * lanes: each raw belongs to one by its path, and each dataset, with its manifest, its raw files and
 * its samples as a whole, to one by its name. Who has the turn of a lane does what is due in it; no
 * other host does.
 */
export interface Turns {
  /**
   * Gives back turns that are more than this host's share, or old. To be called between two passes,
   * when nothing is in work. True when turns came since the last call.
   */
  balance(): Promise<boolean>;
  /** True when this host looks after a dataset. */
  hasDataset(dataset: string): boolean;
  /** Calls back when there may be something to do: another host gave work or turns away. */
  watch(onWork: () => void): void;
  /** Time by which this host's clock is ahead of the database's, ms; 0 where that is less than a second. */
  skewMs(): number;
  /** Figures for those who watch this host. */
  figures(): TurnFigures;
  /** Until when samples may be published, by the number of the turn that a job has. */
  readonly deadlines: SharedArrayBuffer;
}

/** Figures of a host that shares the work; counts are those since it began. */
export interface TurnFigures {
  /** Turns that it has: all hosts together have 64. */
  readonly held: number;
  /** Hosts that work, itself among them. */
  readonly hosts: number;
  readonly taken: number;
  readonly givenBack: number;
  /** Turns that it had, and that went to others since it was not heard of in time. */
  readonly lost: number;
  /** Outcomes that came after the end of their turn, and settled nothing. */
  readonly late: number;
  /** Statements that it had the database do. */
  readonly statements: number;
  /** Age of the oldest of the entries that it took last, ms; 0 when none was due. */
  readonly lagMs: number;
  /** Time by which its clock is ahead of the database's, ms. */
  readonly aheadMs: number;
}

/** True where this host looks after a dataset, and no other does. */
export function looksAfter(turns: Turns | undefined, dataset: string): boolean {
  return turns === undefined || turns.hasDataset(dataset);
}
