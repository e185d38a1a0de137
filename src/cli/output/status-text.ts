import { styleText } from "node:util";
import { SILENT_SECONDS } from "../../store/types.ts";
import stringWidth from "string-width";
import type { DatasetStatus, StatusReport } from "../../inspect/status.ts";
import { verdictOf } from "../../inspect/health.ts";
import { bytesText, countText, counted, durationText, printable } from "../../lib/text.ts";
import { clip, tabbed, table } from "./print.ts";

/** Room for the status text. */
export interface StatusRoom {
  /** Datasets to show at most. */
  readonly datasets: number;
  /** Lines of the terminal; undefined for no limit. */
  readonly lines?: number;
  /** Characters of a line, on a terminal; elsewhere the fields of tables are separated by tabs. */
  readonly columns?: number;
}

const colours = { good: "green", wait: "yellow", bad: "red" } as const;
/** Characters of an example: two lines at most. */
const EXAMPLE = 160;

/** The whole report for people; `now` is ms since epoch. */
export function statusText(report: StatusReport, now: number, room: StatusRoom): string {
  const { hosts, lastPass, totals, failures } = report;
  const lines = [
    whoText(report, now),
    healthText(report, now),
    `${counted(totals.entries, "entry", "entries")}: ${countText(totals.sampled)} sampled, ${countText(totals.described)} described, ` +
      `${countText(totals.failed)} failed, ${countText(totals.waiting)} waiting, ${countText(totals.pruned)} pruned; ${counted(totals.rejected, "line")} rejected`,
    `${paceText(totals.lastMinute)}; ${bytesText(totals.readBytes)} read so far`,
  ];
  if (totals.unconfirmed > 0) {
    const entries = counted(totals.unconfirmed, "entry", "entries");
    lines.push(`${entries} found by looking at raw files, which no manifest line has named yet`);
  }
  for (const each of hosts) {
    const { host, pid, version, since, lanes, lastMinute, silentSeconds } = each;
    const does =
      silentSeconds < SILENT_SECONDS
        ? `${lanes} of 64 lanes, ${countText(lastMinute)} files in the last minute`
        : `not heard of for ${durationText(silentSeconds * 1000)}`;
    lines.push(printable(`host ${host}: pid ${pid} since ${since}, ${does}, version ${version}`));
  }
  if (lastPass !== null) {
    const { at, ms, sampled, described, failed, readBytes } = lastPass;
    lines.push(
      `last pass ${at}: ${durationText(ms)}, ${countText(sampled)} sampled, ${countText(described)} described, ${countText(failed)} failed, ${bytesText(readBytes)} read`,
    );
  }
  if (failures.length > 0) {
    const rows = failures.map(({ code, entries, example: { dataset, raw, message } }) => [
      code,
      entries,
      exampleText(`${dataset}  ${raw}: ${message}`, room.columns),
    ]);
    lines.push("", ...tableText(["code", "entries", "for example"], rows, room.columns));
  }
  const left = room.lines === undefined ? Infinity : Math.max(1, room.lines - lines.length - 3);
  lines.push(...datasetLines(report.datasets, Math.min(room.datasets, left), room.columns));
  return lines.join("\n");
}

function whoText({ running }: StatusReport, now: number): string {
  if (running === null) return "not running";
  const { pid, host, since } = running;
  const age = durationText(Math.max(0, now - Date.parse(since)));
  return printable(`running: pid ${pid} on ${host} since ${since} (${age})`);
}

/** The daemon's health in one word, and the reason. */
function healthText(report: StatusReport, now: number): string {
  const { word, kind, why } = verdictOf({ ...report, isRunning: report.running !== null }, now);
  const failing = word === "well" && report.totals.failed > report.totals.acknowledged;
  return coloured(failing ? "yellow" : colours[kind], word, why);
}

function paceText(lastMinute: number): string {
  const rate = lastMinute / 60;
  return `last minute: ${counted(lastMinute, "file")} (${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s)`;
}

/**
 * Lines for datasets: those that are behind or failing come first; of the others, as many as there
 * is room for.
 */
function datasetLines(
  datasets: readonly DatasetStatus[],
  room: number,
  width: number | undefined,
): string[] {
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
  const lines = ["", ...datasetTable(shown, width)];
  return more.length === 0 ? lines : [...lines, `… and ${more.join(", and ")}; --all shows them`];
}

function isNotable(dataset: DatasetStatus): boolean {
  const { waiting, failed, acknowledged, unreadBytes, off } = dataset;
  if (off !== null) return false;
  return waiting > 0 || failed > acknowledged || unreadBytes === null || unreadBytes > 0;
}

function mostBehind(a: DatasetStatus, b: DatasetStatus): number {
  const age = ({ oldestDueSeconds }: DatasetStatus) => oldestDueSeconds ?? -1;
  return age(b) - age(a) || b.waiting - a.waiting || b.failed - a.failed;
}

type Column = readonly [string, (dataset: DatasetStatus) => string | number];

/** Columns that are left out first where a terminal is too narrow. */
const dispensable = [
  "read",
  "last min",
  "pruned",
  "from raw",
  "oldest",
  "rejected",
  "entries",
  "unread",
  "due",
];

/**
 * A table of datasets, without columns that say nothing of any dataset, and without those that a
 * terminal has no room for.
 */
function datasetTable(
  datasets: readonly DatasetStatus[],
  width: number | undefined,
): readonly string[] {
  let columns = columnsFor(datasets);
  const laidOut = (chosen: readonly Column[]) =>
    tableText(
      chosen.map(([heading]) => heading),
      datasets.map((dataset) => chosen.map(([, cell]) => cell(dataset))),
      width === undefined ? undefined : Infinity,
    );
  // The reason at the end is cut instead.
  const isTooWide = () =>
    width !== undefined &&
    laidOut(columns.filter(([name]) => name !== REASON)).some((line) => stringWidth(line) > width);
  for (const name of dispensable) {
    if (!isTooWide()) break;
    columns = columns.filter(([heading]) => heading !== name);
  }
  return laidOut(columns).map((line) => (width === undefined ? line : clip(line, width)));
}

const REASON = "waits for";

function columnsFor(datasets: readonly DatasetStatus[]): readonly Column[] {
  type Counted = "described" | "unconfirmed" | "pruned" | "due" | "rejected" | "lastMinute";
  const hasAny = (key: Counted) => datasets.some((dataset) => dataset[key] > 0);
  const optional = (isThere: boolean, column: Column) => (isThere ? [column] : []);
  const isBehind = ({ due, unreadBytes }: DatasetStatus) => due > 0 || (unreadBytes ?? 0) > 0;
  const reasonOf = (dataset: DatasetStatus) => (isBehind(dataset) ? (dataset.waitsFor ?? "") : "");
  return [
    ["dataset", ({ dataset }) => dataset],
    ["entries", ({ entries }) => entries],
    ["sampled", ({ sampled }) => sampled],
    ...optional(hasAny("described"), ["described", ({ described }) => described]),
    ["failed", ({ failed }) => failed],
    ...optional(hasAny("pruned"), ["pruned", ({ pruned }) => pruned]),
    ...optional(hasAny("unconfirmed"), ["from raw", ({ unconfirmed }) => unconfirmed]),
    ["waiting", ({ waiting }) => waiting],
    ...optional(hasAny("due"), ["due", ({ due }) => due]),
    ...optional(hasAny("due"), [
      "oldest",
      ({ oldestDueSeconds: age }) => (age === null ? "" : ageText(age)),
    ]),
    ["unread", unreadText],
    ...optional(hasAny("rejected"), ["rejected", ({ rejected }) => rejected]),
    ...optional(hasAny("lastMinute"), ["last min", ({ lastMinute }) => lastMinute]),
    ["read", ({ readBytes }) => bytesText(readBytes)],
    ...optional(
      datasets.some((dataset) => reasonOf(dataset) !== ""),
      [REASON, reasonOf],
    ),
  ];
}

/** Lines of a table: as wide as a terminal, or with tabs. */
function tableText(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  width: number | undefined,
): readonly string[] {
  if (width === undefined) return tabbed(headings, rows).split("\n");
  return table(headings, rows)
    .split("\n")
    .map((line) => clip(line, width));
}

function unreadText({ off, unreadBytes }: DatasetStatus): string {
  return off ?? (unreadBytes === null ? "?" : bytesText(unreadBytes));
}

function ageText(seconds: number): string {
  return durationText(Math.max(1, seconds) * 1000);
}

/** An example; on a terminal two lines at most. */
function exampleText(text: string, width: number | undefined): string {
  return width === undefined ? text : clip(text, EXAMPLE);
}

/** A word in colour, but only where stdout is a terminal that shows it. */
function coloured(colour: "green" | "yellow" | "red", word: string, why: string): string {
  return `${styleText([colour, "bold"], word, { stream: process.stdout })}: ${printable(why)}`;
}
