import type { PassSummary } from "./types.ts";
import type { Wait } from "./waits.ts";

/** The daemon's part of the store: its memory of the process that works on it. */
export interface ProcessStore {
  /** True when the last process stopped cleanly; undefined before the first one. */
  wasStoppedCleanly(): Promise<boolean | undefined>;
  /** Notes a clean stop: nothing is left half-done. */
  setStoppedCleanly(): Promise<void>;
  /**
   * Notes that work begins, so that the process counts as not stopped cleanly until the next clean
   * stop. A power loss does not undo this.
   */
  setWorking(): Promise<void>;
  /** The boot of the machine in which samples were last checked; undefined where none is known. */
  bootId(): Promise<string | undefined>;
  setBootId(bootId: string | undefined): Promise<void>;
  /** The reason why passes wait while the host is busy; null when they do not. */
  passesWait(): Promise<string | null>;
  setPassesWait(reason: string | null): Promise<void>;
  /** The reason why the last pass failed as a whole; null when it did not. */
  passFailure(): Promise<string | null>;
  setPassFailure(reason: string | null): Promise<void>;
  lastPass(): Promise<PassSummary | null>;
  setLastPass(summary: PassSummary): Promise<void>;
  /**
   * Counts one more death of a process at each of these files, by their marks; returns how many there were
   * within a day at each file, of the processes of all hosts. `now` is ms since epoch.
   */
  countDeaths(marks: readonly string[], now: number): Promise<ReadonlyMap<string, number>>;
  /** Sets the deaths at a file: 0 once a process has outlived the work on it. */
  setDeaths(mark: string, deaths: number, now: number): Promise<void>;
  /** The datasets that wait, as the last pass left them. */
  waits(): Promise<readonly Wait[]>;
  /**
   * Remembers the datasets that wait, for those who look. Writes nothing where nothing has changed.
   * With `isLast` it writes now; otherwise not before a while has passed since the last time.
   */
  rememberWaits(waits: readonly Wait[], isLast: boolean): Promise<void>;
  /**
   * The key of all hosts for what is secret in a URL: that of the first one, which `ours` gives.
   * Undefined where the store is one host's.
   */
  sharedKey(ours: () => Buffer): Promise<Buffer | undefined>;
  /** Time at which the store was made, ms since epoch. */
  madeAt(): Promise<number>;
}
