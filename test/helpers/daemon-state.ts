import type { DaemonState } from "../../src/http/state.ts";
import { emptyWork } from "../../src/http/counters.ts";

const none = { done: 0, failed: 0, unlisted: 0 };
/** Hooks that were never called. */
export const noCalls = { finding: none, failure: none };

/** The state of a daemon that is idle and has done nothing yet; `startedAt` is ms since epoch. */
export function idleDaemon(startedAt: number, more: Partial<DaemonState> = {}): DaemonState {
  return {
    pid: process.pid,
    startedAt,
    isReady: true,
    liveness: { isIdle: true, progressAt: startedAt },
    passesWait: null,
    passFailure: null,
    turns: null,
    workerRestarts: 0,
    hooks: noCalls,
    paused: [],
    lastPass: null,
    lastGoodPassAt: null,
    work: emptyWork(),
    serverRestarts: 0,
    ...more,
  };
}
