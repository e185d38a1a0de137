import type { Backlog } from "../../store/rows.ts";
import { counted, countText } from "../../lib/text.ts";

/** The facts behind the service's status line. */
export interface Standing {
  readonly backlog: Backlog;
  /** Files done per second; 0 when none was. */
  readonly rate: number;
  /** The reason why passes wait while the host is busy; undefined when they do not. */
  readonly passesWait: string | undefined;
  /** Trouble in the last pass; undefined when there was none. */
  readonly trouble: string | undefined;
  /** The reason why the newest configuration is not in use; undefined when it is. */
  readonly refusal: string | undefined;
}

/** Seconds in each, largest first. */
const units = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/** The daemon's state on one line, for people; `now` is ms since epoch. */
export function statusLine(
  { backlog, rate, passesWait, trouble, refusal }: Standing,
  now: number,
): string {
  const { entries, oldestDueAt } = backlog;
  const files = counted(entries, "file waits", "files wait");
  const parts = [
    oldestDueAt === null ? "no file waits" : `${files}, oldest ${age(now - oldestDueAt)}`,
    ...(rate > 0 ? [`${rate < 10 ? rate.toFixed(1) : countText(Math.round(rate))} files/s`] : []),
    ...(passesWait === undefined ? [] : [`passes wait: ${passesWait}`]),
    ...(trouble === undefined ? [] : [trouble]),
    ...(refusal === undefined ? [] : [`configuration refused, the old one stays: ${refusal}`]),
  ];
  return parts.join("; ");
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
