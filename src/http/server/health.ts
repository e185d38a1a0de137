import type { Settings } from "../../config/settings.ts";
import { longestJobMs } from "../../config/longest-job.ts";
import type { StatusReport } from "../../inspect/status.ts";
import type { DaemonState } from "../state.ts";

/** The answer of `/healthz`, about the daemon's progress. Times are ISO 8601. */
export interface Health {
  readonly status: "ok" | "failing";
  /** The reason why it fails; null when it does not. */
  readonly reason: string | null;
  readonly pid: number;
  readonly startedAt: string;
  /** True while it waits for work. */
  readonly idle: boolean;
  /** Time at which it last did something. */
  readonly lastProgressAt: string;
  /** Time at which this server last heard of it. */
  readonly lastHeardAt: string;
}

/** The answer of `/readyz`, about samples of new files. */
export interface Readiness {
  readonly status: "ok" | "failing";
  /** The reason why it fails; null when it does not. */
  readonly reason: string | null;
  /** True once the first pass may begin. */
  readonly firstPassMayBegin: boolean;
  readonly cacheReadable: boolean;
  /** The reason why no pass begins while the host is busy; null when there is none. */
  readonly passesWait: string | null;
  /** Datasets that have to wait. */
  readonly pausedDatasets: number;
  /** Files that are due now; null where the cache cannot be read. */
  readonly backlogFiles: number | null;
  /** Age of the oldest entry that is due; null when none is. */
  readonly oldestDueSeconds: number | null;
  /** Time at which the daemon last wrote to the cache; null when it has not yet. */
  readonly lastCommitAt: string | null;
  readonly lastPassAt: string | null;
}

/** The signs that health is judged by. */
export interface Signs {
  readonly state: DaemonState;
  /** Time at which the daemon was last heard of, and the time now, ms since epoch. */
  readonly heardAt: number;
  readonly now: number;
  /** Time that the daemon may do nothing while it has work, ms. */
  readonly patienceMs: number;
}

/** Time after which the daemon counts as silent, ms: it is heard of every few seconds. */
const SILENT_MS = 30_000;
/** Time for anything else that takes long, ms: a large manifest, a busy disk. */
const MARGIN_MS = 60_000;

/** Time that the daemon may do nothing while it has work, ms: the same as for the watchdog. */
export function patienceOf(settings: Settings): number {
  return longestJobMs(settings) + MARGIN_MS;
}

/** Judges whether the daemon makes progress. */
export function healthOf({ state, heardAt, now, patienceMs }: Signs): Health {
  const { pid, startedAt, liveness } = state;
  const still = now - liveness.progressAt;
  const isStuck = !liveness.isIdle && still > patienceMs;
  const reason =
    now - heardAt > SILENT_MS
      ? `nothing was heard of the daemon for ${seconds(now - heardAt)} s`
      : isStuck
        ? `the daemon has work, and has done nothing for ${seconds(still)} s`
        : null;
  return {
    status: reason === null ? "ok" : "failing",
    reason,
    pid,
    startedAt: isoTime(startedAt),
    idle: liveness.isIdle,
    lastProgressAt: isoTime(liveness.progressAt),
    lastHeardAt: isoTime(heardAt),
  };
}

/** Judges whether new files get samples; where the cache cannot be read, `report` is the reason. */
export function readinessOf(
  { isReady, passesWait, passFailure, paused, work, lastPass }: DaemonState,
  health: Health,
  report: StatusReport | string,
): Readiness {
  const isRead = typeof report !== "string";
  const notYet = isReady ? null : "the first pass has not begun";
  const failing = passFailure === null ? null : `passes fail: ${passFailure}`;
  const reason = health.reason ?? notYet ?? failing ?? (isRead ? null : report);
  return {
    status: reason === null ? "ok" : "failing",
    reason,
    firstPassMayBegin: isReady,
    cacheReadable: isRead,
    passesWait,
    pausedDatasets: paused.length,
    backlogFiles: isRead ? report.totals.due : null,
    oldestDueSeconds: isRead ? report.totals.oldestDueSeconds : null,
    lastCommitAt: work.committedAt === null ? null : isoTime(work.committedAt),
    lastPassAt: lastPass?.at ?? null,
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed();
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
