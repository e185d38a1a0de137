/** Counts of actions and of faults. */
export interface Tally {
  /** Raws. */
  files: number;
  /** Manifest lines, bad ones too. */
  lines: number;
  versions: number;
  unchanged: number;
  badLines: number;
  halfLines: number;
  vanished: number;
  /** SIGKILLs. */
  kills: number;
  /** SIGTERMs. */
  stops: number;
  reloads: number;
  rotations: number;
  truncations: number;
  compressed: number;
  deleted: number;
  cacheRemovals: number;
  audits: number;
  samplesJudged: number;
  /** Receipts of samples that had one for the same version already. */
  redone: number;
  /** Versions or bad lines that nothing became of. */
  lost: number;
  /** Samples that are not what their version of the file asks for. */
  halfWritten: number;
  /** Entries, receipts or samples of what was never announced. */
  invented: number;
  /** Temporary files. */
  left: number;
  /** Files of production that somebody else changed. */
  disturbed: number;
  /** Daemons that ended by themselves, or not as they should. */
  ended: number;
}

/** Counts that make a run fail. */
export const FAULTS = ["lost", "halfWritten", "invented", "left", "disturbed", "ended"] as const;

/** One of them. */
export type Fault = (typeof FAULTS)[number];

/** Nothing done yet. */
export function emptyTally(): Tally {
  return {
    files: 0,
    lines: 0,
    versions: 0,
    unchanged: 0,
    badLines: 0,
    halfLines: 0,
    vanished: 0,
    kills: 0,
    stops: 0,
    reloads: 0,
    rotations: 0,
    truncations: 0,
    compressed: 0,
    deleted: 0,
    cacheRemovals: 0,
    audits: 0,
    samplesJudged: 0,
    redone: 0,
    lost: 0,
    halfWritten: 0,
    invented: 0,
    left: 0,
    disturbed: 0,
    ended: 0,
  };
}
