import type { DaemonState } from "../../src/http/state.ts";
import { emptyWork } from "../../src/http/counters.ts";

/** The state of a daemon that is idle and has done nothing yet; `startedAt` is ms since epoch. */
export function idleDaemon(startedAt: number, more: Partial<DaemonState> = {}): DaemonState {
  return {
    pid: process.pid,
    startedAt,
    isReady: true,
    liveness: { isIdle: true, progressAt: startedAt },
    passesWait: null,
    passFailure: null,
    workerRestarts: 0,
    paused: [],
    lastPass: null,
    lastGoodPassAt: null,
    work: emptyWork(),
    serverRestarts: 0,
    ...more,
  };
}
