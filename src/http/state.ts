import type { Settings } from "../config/settings.ts";
import type { StatusReport } from "../inspect/status.ts";
import type { PassSummary } from "../store/types.ts";
import type { Wait } from "../store/waits.ts";
import type { Work } from "./counters.ts";
import type { Store } from "../store/store.ts";

/** Whether the daemon makes progress. */
export interface Liveness {
  /** True while it waits for work. */
  readonly isIdle: boolean;
  /** When it last did something, ms since epoch; by the clock as it is set now. */
  readonly progressAt: number;
  /** The time since then by a clock that nobody sets, ms. */
  readonly stalledMs: number;
}

/** State of the daemon that is asked for before each message to the server. */
export interface Live {
  /** True once the first pass may begin. */
  readonly isReady: boolean;
  /** Whether it waits for work, and when it last did something, ms since epoch. */
  readonly liveness: Pick<Liveness, "isIdle" | "progressAt">;
  /** Why passes wait, where the host is busy. */
  readonly passesWait: string | null;
  /** Why the last pass failed as a whole; null where it did not. */
  readonly passFailure: string | null;
  /** Threads that had to be replaced since the daemon began. */
  readonly workerRestarts: number;
}

/** The daemon's state, as it was last told: nobody else knows it. */
export interface DaemonState extends Live {
  readonly pid: number;
  /** When the daemon began, ms since epoch. */
  readonly startedAt: number;
  /** Datasets that wait since the last pass over all of them. */
  readonly paused: readonly Wait[];
  /** The last pass over all datasets; null before the first one has ended. */
  readonly lastPass: PassSummary | null;
  /** When the last such pass ended in which everything could be read and written, ms since epoch. */
  readonly lastGoodPassAt: number | null;
  /** What was done since the daemon began. */
  readonly work: Work;
  /** How often this server was started again. */
  readonly serverRestarts: number;
}

/** The context of pages. Nothing in it changes the lake or the cache. */
export interface PageContext {
  /** The store, to read. @throws Failure CACHE_UNUSABLE while there is none that can be read */
  store(): Store;
  /** Everything at a glance, at most a few seconds old. @throws as `store` does, and what it throws */
  report(): Promise<StatusReport>;
  readonly settings: Settings;
  state(): DaemonState;
}
