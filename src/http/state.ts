import type { Settings } from "../config/settings.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { StatusReport } from "../inspect/status.ts";
import type { PassSummary } from "../store/types.ts";
import type { Wait } from "../store/waits.ts";
import type { Work } from "./counters.ts";
import type { Store } from "../store/store.ts";
import type { TurnFigures } from "../store/turns.ts";

/** Signs of the daemon's progress. */
export interface Liveness {
  /** True while it waits for work. */
  readonly isIdle: boolean;
  /** Time of its last progress, ms since epoch; by the clock as it is set now. */
  readonly progressAt: number;
  /** Time since then by a clock that nobody sets, ms. */
  readonly stalledMs: number;
}

/** State of the daemon that is asked for before each message to the server. */
export interface Live {
  /** True once the first pass may begin. */
  readonly isReady: boolean;
  /** Its idleness, and the time of its last progress, ms since epoch. */
  readonly liveness: Pick<Liveness, "isIdle" | "progressAt">;
  /** The reason why passes wait while the host is busy; null when they do not. */
  readonly passesWait: string | null;
  /** The reason why the last pass failed as a whole; null where it did not. */
  readonly passFailure: string | null;
  /** Threads that had to be replaced since the daemon began. */
  readonly workerRestarts: number;
  /** Figures of its turns; null where it does all the work. */
  readonly turns: TurnFigures | null;
  /** Calls of hooks since the daemon began. */
  readonly hooks: ReturnType<Hooks["counts"]>;
}

/** The daemon's state, as it was last sent: nobody else knows it. */
export interface DaemonState extends Live {
  readonly pid: number;
  /** Time at which the daemon began, ms since epoch. */
  readonly startedAt: number;
  /** Datasets that wait since the last pass over all of them. */
  readonly paused: readonly Wait[];
  /** The last pass over all datasets; null before the first one has ended. */
  readonly lastPass: PassSummary | null;
  /**
   * End of the last such pass in which everything could be read and written, ms since epoch; null
   * before the first one.
   */
  readonly lastGoodPassAt: number | null;
  /** Work done since the daemon began. */
  readonly work: Work;
  /** Number of times that this server was started again. */
  readonly serverRestarts: number;
}

/** The context of pages. Nothing in it changes the lake or the cache. */
export interface PageContext {
  /** The store, to read. @throws Failure CACHE_UNUSABLE while there is none that can be read */
  store(): Promise<Store>;
  /** Everything at a glance, at most a few seconds old. @throws as `store` does, and what it throws */
  report(): Promise<StatusReport>;
  readonly settings: Settings;
  /** The state of the daemon whose server this is; undefined where the pages are served without one. */
  state(): DaemonState | undefined;
  /** Returns the time at which the daemon was last heard of, ms since epoch. */
  readonly heardAt: () => number;
  /** Called with errors that are not the request's fault. */
  readonly onFailure: (path: string, code: string, message: string) => void;
}
