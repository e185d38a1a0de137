import { styleText } from "node:util";
import type { DatasetStatus, StatusReport } from "../status.ts";
import { troubleOf } from "../summary.ts";
import { bytesText, countText, counted, durationText, printable } from "../lib/text.ts";
import { table } from "./print.ts";

/** What fits. */
export interface StatusRoom {
  /** Datasets to show at most. */
  readonly datasets: number;
  /** Lines there are in all. */
  readonly lines?: number;
}

/** What is due for longer than this while nothing gets done is not just a moment's backlog, s. */
const STUCK_SECONDS = 60;
/** A watched manifest is read at once, others every minute unless the schedule says otherwise. */
const QUIET_MS = 120_000;
/** Characters of an example: two lines at most. */
const EXAMPLE = 160;

/** The whole report for people; `now` is ms since epoch. */
export function statusText(report: StatusReport, now: number, room: StatusRoom): string {
  const { lastPass, totals, failures } = report;
  const lines = [
    whoText(report, now),
    healthText(report, now),
    `${counted(totals.entries, "entry", "entries")}: ${countText(totals.sampled)} sampled, ${countText(totals.failed)} failed, ` +
      `${countText(totals.waiting)} waiting, ${countText(totals.pruned)} pruned; ${counted(totals.rejected, "line")} rejected`,
    `${paceText(totals.lastMinute)}; ${bytesText(totals.readBytes)} read so far`,
  ];
  if (lastPass !== null) {
    const { at, ms, sampled, failed, readBytes } = lastPass;
    lines.push(
      `last pass ${at}: ${durationText(ms)}, ${countText(sampled)} sampled, ${countText(failed)} failed, ${bytesText(readBytes)} read`,
    );
  }
  if (failures.length > 0) {
    const rows = failures.map(({ code, entries, example: { dataset, raw, message } }) => [
      code,
      entries,
      cut(`${dataset}  ${raw}: ${message}`),
    ]);
    lines.push("", ...table(["code", "entries", "for example"], rows).split("\n"));
  }
  const left = room.lines === undefined ? Infinity : Math.max(1, room.lines - lines.length - 3);
  lines.push(...datasetLines(report.datasets, Math.min(room.datasets, left)));
  return lines.join("\n");
}

function whoText({ running }: StatusReport, now: number): string {
  if (running === null) return "not running";
  const { pid, host, since } = running;
  const age = durationText(Math.max(0, now - Date.parse(since)));
  return printable(`running: pid ${pid} on ${host} since ${since} (${age})`);
}

/** Is it well? One word, and why. */
function healthText(report: StatusReport, now: number): string {
  const { running, passesWait, lastPass, totals } = report;
  const { due, failed, lastMinute, oldestDueSeconds, unreadBytes } = totals;
  const behind = behindText(report);
  const failures = failed === 0 ? "nothing failed" : `${countText(failed)} failed`;
  if (running === null) return coloured("yellow", "stopped", `${behind}; ${failures}`);
  if (passesWait !== null) return coloured("yellow", "waits", `${passesWait}; ${behind}`);
  const isStuck = due > 0 && lastMinute === 0 && (oldestDueSeconds ?? 0) > STUCK_SECONDS;
  if (isStuck) return coloured("red", "stuck", `${behind}, and none was done in the last minute`);
  const trouble = lastPass === null ? undefined : troubleOf(lastPass);
  if (trouble !== undefined) return coloured("yellow", "in trouble", `${trouble}; ${behind}`);
  const isUnread = (unreadBytes ?? 0) > 0;
  const stillMs = lastPass === null ? 0 : now - Date.parse(lastPass.at);
  if (isUnread && lastMinute === 0 && stillMs > QUIET_MS) {
    const since = `no pass for ${durationText(stillMs)}: the log may say why`;
    return coloured("yellow", "behind", `${behind}; ${since}`);
  }
  if (due > 0 || isUnread) return coloured("green", "at work", behind);
  return coloured(failed > 0 ? "yellow" : "green", "well", `${behind}; ${failures}`);
}

function behindText({ totals, datasets }: StatusReport): string {
  const { due, oldestDueSeconds, unreadBytes } = totals;
  const unread =
    (unreadBytes ?? 0) > 0 ? `; ${bytesText(unreadBytes ?? 0)} of manifests unread` : "";
  if (due === 0) return `nothing is due${unread}`;
  const count = datasets.filter((dataset) => dataset.due > 0).length;
  const age = oldestDueSeconds === null ? "" : `, the oldest for ${ageText(oldestDueSeconds)}`;
  return `${counted(due, "file")} due in ${counted(count, "dataset")}${age}${unread}`;
}

function paceText(lastMinute: number): string {
  const rate = lastMinute / 60;
  return `last minute: ${counted(lastMinute, "file")} (${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s)`;
}

/** Those that are behind or failing come first; of the others, what there is room for. */
function datasetLines(datasets: readonly DatasetStatus[], room: number): string[] {
  if (datasets.length === 0) return [];
  const first = datasets.filter(isNotable).toSorted(mostBehind);
  const ordered = [...first, ...datasets.filter((dataset) => !isNotable(dataset))];
  const shown = ordered.slice(0, room);
  const hidden = ordered.slice(shown.length);
  const notable = hidden.filter(isNotable).length;
  const rest = hidden.length - notable;
  const more = [
    ...(notable === 0 ? [] : [`${countText(notable)} more that wait or failed`]),
    ...(rest === 0 ? [] : [`${countText(rest)} more, nothing waiting, nothing failed`]),
  ];
  const lines = ["", ...datasetTable(shown).split("\n")];
  return more.length === 0 ? lines : [...lines, `… and ${more.join(", and ")}; --all shows them`];
}

function isNotable({ waiting, failed, unreadBytes, off }: DatasetStatus): boolean {
  if (off !== null) return false;
  return waiting > 0 || failed > 0 || unreadBytes === null || unreadBytes > 0;
}

function mostBehind(a: DatasetStatus, b: DatasetStatus): number {
  const age = ({ oldestDueSeconds }: DatasetStatus) => oldestDueSeconds ?? -1;
  return age(b) - age(a) || b.waiting - a.waiting || b.failed - a.failed;
}

/** Columns that say nothing of any dataset are left out. */
function datasetTable(datasets: readonly DatasetStatus[]): string {
  const hasAny = (key: "pruned" | "due" | "rejected" | "lastMinute") =>
    datasets.some((dataset) => dataset[key] > 0);
  type Column = readonly [string, (dataset: DatasetStatus) => string | number];
  const columns: readonly Column[] = [
    ["dataset", ({ dataset }) => dataset],
    ["entries", ({ entries }) => entries],
    ["sampled", ({ sampled }) => sampled],
    ["failed", ({ failed }) => failed],
    ...(hasAny("pruned") ? [["pruned", ({ pruned }) => pruned] as Column] : []),
    ["waiting", ({ waiting }) => waiting],
    ...(hasAny("due") ? [["due", ({ due }) => due] as Column] : []),
    ...(hasAny("due")
      ? [["oldest", ({ oldestDueSeconds: age }) => (age === null ? "" : ageText(age))] as Column]
      : []),
    ["unread", unreadText],
    ...(hasAny("rejected") ? [["rejected", ({ rejected }) => rejected] as Column] : []),
    ...(hasAny("lastMinute") ? [["last min", ({ lastMinute }) => lastMinute] as Column] : []),
    ["read", ({ readBytes }) => bytesText(readBytes)],
  ];
  return table(
    columns.map(([heading]) => heading),
    datasets.map((dataset) => columns.map(([, cell]) => cell(dataset))),
  );
}

function unreadText({ off, unreadBytes }: DatasetStatus): string {
  return off ?? (unreadBytes === null ? "?" : bytesText(unreadBytes));
}

function ageText(seconds: number): string {
  return durationText(Math.max(1, seconds) * 1000);
}

function cut(text: string): string {
  return text.length <= EXAMPLE ? text : `${text.slice(0, EXAMPLE - 1)}…`;
}

/** In colour only where stdout is a terminal that shows it. */
function coloured(colour: "green" | "yellow" | "red", word: string, why: string): string {
  return `${styleText([colour, "bold"], word, { stream: process.stdout })}: ${printable(why)}`;
}
