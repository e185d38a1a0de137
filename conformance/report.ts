import { table } from "../src/cli/output/print.ts";
import { printable } from "../src/lib/text.ts";
import { isReadable } from "./judge-parquet.ts";
import type { BadEnd } from "./product.ts";
import type { Verdict } from "./verdict.ts";

const MB = 1_000_000;
const bad = ["inexact", "crash", "hang"] as const;
const counted = ["metadata", "failed", "inexact", "unjudged", "crash", "hang"] as const;
const headings = ["format", "files", "exact", "warned", ...counted, "MB", "s"];

/** All that was found of one format. */
export interface FormatReport {
  readonly format: string;
  readonly verdicts: readonly Verdict[];
  readonly seconds: number;
  readonly peakBytes: number;
  /** The end of the product's process, where it should not have ended. */
  readonly end?: BadEnd;
}

/** True when no sample is inexact and nothing crashed or hung. */
export function isClean(reports: readonly FormatReport[]): boolean {
  const isGood = ({ result }: Verdict) => !bad.some((name) => name === result);
  return reports.every(({ end, verdicts }) => end === undefined && verdicts.every(isGood));
}

/** The report as text: a table of formats, then what is behind its numbers. */
export function reportText(reports: readonly FormatReport[]): string {
  const all = verdictsOf(reports);
  const parts = [
    table(headings, reports.map(lineOf)),
    ...reports.map(groupsText),
    ...reports.map(endText),
    ...bad.map((name) => listText(name, all, ({ result }) => result === name)),
    validText(all),
    listText("valid, but failed", all, (v) => v.result === "failed" && v.class === "valid"),
    jsonSuiteText(all),
    parquetText(all),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function verdictsOf(reports: readonly FormatReport[]): Verdict[] {
  return reports.flatMap(({ verdicts }) => verdicts);
}

function lineOf({ format, verdicts, seconds, peakBytes }: FormatReport): unknown[] {
  const exact = verdicts.filter(({ result }) => result === "exact");
  const warned = exact.filter(({ warnings }) => warnings.length > 0);
  const others = counted.map((name) => verdicts.filter(({ result }) => result === name).length);
  const cost = [Math.round(peakBytes / MB), Math.round(seconds * 10) / 10];
  return [format, verdicts.length, exact.length, warned.length, ...others, ...cost];
}

/** Reasons of metadata, codes of failures and why samples are not judged, each with its count. */
function groupsText({ format, verdicts }: FormatReport): string {
  const counts = new Map<string, number>();
  for (const { result, why } of verdicts) {
    if (result !== "metadata" && result !== "failed" && result !== "unjudged") continue;
    const group = `${result}: ${sameText(why)}`;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const lines = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = lines.map(([group, count]) => `  ${String(count).padStart(4)} × ${group}`);
  return text.length === 0 ? "" : [`${format}:`, ...text].join("\n");
}

/** A text without what differs from file to file. */
function sameText(text: string): string {
  const named = text.replace(/^named .+?, but/, "named …, but");
  return printable(named.replace(/\d+/g, "N")).slice(0, 160);
}

function endText({ format, end }: FormatReport): string {
  return end === undefined ? "" : `${end.result}: the pass over ${format}: ${printable(end.why)}`;
}

function listText(
  title: string,
  all: readonly Verdict[],
  isListed: (verdict: Verdict) => boolean,
): string {
  const lines = all.filter(isListed).map(({ path, why }) => `  ${path}: ${printable(why)}`);
  return lines.length === 0 ? "" : [`${title}: ${lines.length}`, ...lines].join("\n");
}

/** The share of valid files that have a sample of their own, and the reasons of those that have none. */
function validText(all: readonly Verdict[]): string {
  const valid = all.filter((verdict) => verdict.class === "valid");
  const without = valid.filter(({ result }) => result === "metadata" || result === "failed");
  const share = (100 * (valid.length - without.length)) / Math.max(1, valid.length);
  const of = `${valid.length - without.length} of ${valid.length}`;
  const reasons = Object.entries(Object.groupBy(without, ({ why }) => sameText(why)))
    .map(([why, verdicts = []]) => [verdicts.length, why] as const)
    .toSorted(([a], [b]) => b - a)
    .map(([count, why]) => `  ${String(count).padStart(4)} × ${why}`);
  const heading = `valid files with a sample in their own format: ${of} (${share.toFixed(1)} %)`;
  return valid.length === 0 ? "" : [heading, ...reasons].join("\n");
}

/** Text about the ways in which broken files of JSONTestSuite were recognised. */
function jsonSuiteText(all: readonly Verdict[]): string {
  const broken = all.filter(({ path }) => /\/n_[^/]+\.json$/.test(path));
  const ways = Object.groupBy(broken, wayOf);
  const lines = Object.entries(ways).map(([way, verdicts = []]) => {
    const names = verdicts.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    return `  ${String(names.length).padStart(4)} × ${way}: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`;
  });
  return lines.length === 0 ? "" : ["broken JSON (n_):", ...lines].join("\n");
}

function wayOf({ result, why, warnings, sampledAs = "" }: Verdict): string {
  if (result === "failed") return why;
  if (result === "metadata") return result;
  return warnings.length > 0 ? "warning" : `no warning, as ${sampledAs}`;
}

function parquetText(all: readonly Verdict[]): string {
  const files = all.filter((verdict) => verdict.format === "parquet" && isReadable(verdict));
  if (files.length === 0) return "";
  const valid = files.filter((verdict) => verdict.class === "valid");
  const written = valid.filter(({ parquet }) => parquet !== undefined);
  const schema = written.filter(({ parquet }) => parquet?.schemaExact === true);
  const values = written.filter(({ parquet }) => isEqual(Object.values(parquet?.equal ?? {})));
  const names = new Set(files.flatMap(({ parquet }) => Object.keys(parquet?.equal ?? {})));
  const readers = [...names].toSorted().map((name) => {
    const compared = files.filter(({ parquet }) => parquet?.equal[name] !== undefined);
    const equal = compared.filter(({ parquet }) => parquet?.equal[name] === true);
    return [name, compared.length, equal.length];
  });
  return [
    `parquet: ${written.length} of ${valid.length} valid files written, schema exact ${schema.length}, values equal ${values.length}`,
    table(["reader", "compared", "equal"], readers),
  ].join("\n");
}

/** Read by at least one reader, and equal for each that reads it. */
function isEqual(found: readonly boolean[]): boolean {
  return found.length > 0 && found.every(Boolean);
}
