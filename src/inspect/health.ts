import { bytesText, counted, countText, durationText } from "../lib/text.ts";
import type { PassSummary } from "../store/types.ts";

/** Words for a daemon's health, for commands and page alike. */
export type Word =
  | "well"
  | "at work"
  | "starting"
  | "waits"
  | "behind"
  | "in trouble"
  | "stuck"
  | "stopped";

/** A daemon's health, and the reason for it. */
export interface Verdict {
  readonly word: Word;
  readonly why: string;
  /** `bad`: it does not do its work; `wait`: not all of it, or not now. */
  readonly kind: "good" | "wait" | "bad";
}

/** The facts that the cache holds. */
export interface Standing {
  readonly isRunning: boolean;
  /** The reason why no pass begins while the host is busy; null when there is none. */
  readonly passesWait: string | null;
  /** The reason why the last pass failed as a whole; null when it did not. */
  readonly passFailure: string | null;
  readonly lastPass: Pick<PassSummary, "at" | "errors" | "paused"> | null;
  readonly totals: {
    readonly failed: number;
    /** Of those that failed. */
    readonly acknowledged: number;
    readonly lastMinute: number;
    readonly unreadBytes: number | null;
  };
  readonly datasets: readonly DatasetStanding[];
}

/** A dataset's backlog. */
export interface DatasetStanding {
  readonly dataset: string;
  readonly due: number;
  readonly oldestDueSeconds: number | null;
  /** The reason why due entries are not done; null when there is none. */
  readonly waitsFor: string | null;
}

/** Facts that only those know who are in touch with the daemon itself. */
export interface Signs {
  /** The reason why it makes no progress; null when it does. */
  readonly fault: string | null;
  /** True once the first pass may begin. */
  readonly isReady: boolean;
}

/** Age above which due entries, while nothing gets done, are not just a moment's backlog, s. */
const STUCK_SECONDS = 60;
/**
 * Time without a pass that is no sign of trouble, ms: a watched manifest is read at once, others
 * every minute unless the schedule says otherwise.
 */
const QUIET_MS = 120_000;

/** Judges the daemon's health; `now` is ms since epoch. */
export function verdictOf(standing: Standing, now: number, signs?: Signs): Verdict {
  const { isRunning, passesWait, passFailure, lastPass, totals, datasets } = standing;
  const behind = behindText(standing);
  const failures = failuresText(totals);
  if (!isRunning) return verdict("stopped", "wait", `${behind}; ${failures}`);
  if (signs !== undefined && signs.fault !== null) return verdict("stuck", "bad", signs.fault);
  if (signs?.isReady === false) return verdict("starting", "wait", "the first pass has not begun");
  if (passesWait !== null) return verdict("waits", "wait", `${passesWait}; ${behind}`);
  if (passFailure !== null)
    return verdict("in trouble", "bad", `passes fail: ${passFailure}; ${behind}`);
  // What waits for a reason is no sign that nothing gets done.
  const open = datasets.filter(({ due, waitsFor }) => due > 0 && waitsFor === null);
  const oldest = Math.max(0, ...open.map(({ oldestDueSeconds }) => oldestDueSeconds ?? 0));
  if (oldest > STUCK_SECONDS && totals.lastMinute === 0)
    return verdict("stuck", "bad", `${behind}, and none was done in the last minute`);
  const held = heldText(datasets) ?? (lastPass === null ? undefined : troubleOf(lastPass));
  if (held !== undefined) return verdict("in trouble", "wait", `${held}; ${behind}`);
  const isUnread = (totals.unreadBytes ?? 0) > 0;
  const sinceMs = lastPass === null ? 0 : now - Date.parse(lastPass.at);
  if (isUnread && totals.lastMinute === 0 && sinceMs > QUIET_MS) {
    const since = `no pass for ${durationText(sinceMs)}: the log may say why`;
    return verdict("behind", "wait", `${behind}; ${since}`);
  }
  if (open.length > 0 || isUnread) return verdict("at work", "good", behind);
  return verdict("well", "good", `${behind}; ${failures}`);
}

function verdict(word: Word, kind: Verdict["kind"], why: string): Verdict {
  return { word, kind, why };
}

/**
 * The number of datasets that wait with something due, and the reason of the first; undefined when
 * none does.
 */
function heldText(datasets: readonly DatasetStanding[]): string | undefined {
  const held = datasets.filter(({ due, waitsFor }) => due > 0 && waitsFor !== null);
  const [first] = held;
  if (first === undefined) return undefined;
  const waits = counted(held.length, "dataset waits", "datasets wait");
  return `${waits}: ${first.dataset}: ${first.waitsFor}`;
}

function behindText({ totals, datasets }: Standing): string {
  const behind = datasets.filter(({ due }) => due > 0);
  const due = behind.reduce((sum, each) => sum + each.due, 0);
  const unreadBytes = totals.unreadBytes ?? 0;
  const unread = unreadBytes > 0 ? `; ${bytesText(unreadBytes)} of manifests unread` : "";
  if (due === 0) return `nothing is due${unread}`;
  const seconds = Math.max(...behind.map(({ oldestDueSeconds }) => oldestDueSeconds ?? 0));
  const age = `, the oldest for ${durationText(Math.max(1, seconds) * 1000)}`;
  return `${counted(due, "file")} due in ${counted(behind.length, "dataset")}${age}${unread}`;
}

function failuresText({ failed, acknowledged }: Standing["totals"]): string {
  if (failed === 0) return "nothing failed";
  const seen = acknowledged === 0 ? "" : ` (${countText(acknowledged)} acknowledged)`;
  return `${countText(failed)} failed${seen}`;
}

/** Trouble in a pass that came to its end, on one line; undefined when there was none. */
export function troubleOf({
  errors,
  paused,
}: Pick<PassSummary, "errors" | "paused">): string | undefined {
  const parts = [
    ...(errors > 0
      ? [`${counted(errors, "manifest or directory", "manifests or directories")} cannot be read`]
      : []),
    ...(paused > 0 ? [counted(paused, "dataset waits", "datasets wait")] : []),
  ];
  return parts.length === 0 ? undefined : `${parts.join(", ")}: see the log`;
}
