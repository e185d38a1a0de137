import type { WholeEntry } from "../../store/rows.ts";
import type { Receipt } from "../../samples/receipts.ts";
import { fromText } from "../../inspect/from-text.ts";
import { stateText } from "../../inspect/state-text.ts";
import { bytesText, formatText, readText, rowsText, strategyText } from "../../lib/text.ts";
import type { Shown } from "../../inspect/show.ts";

/** A line; without a label it is a heading. */
type Line = readonly [label: string | null, text: string];

/** The provenance and state of what is shown. */
export function provenanceOf({
  entry,
  dataset,
  path,
  shown,
  sampled,
  problem,
  view,
  waitsFor,
}: Shown): Line[] {
  const what: Readonly<Record<Shown["shown"], string>> = {
    sample: "the sample",
    file: `${path}, sampled just now`,
    head: `the beginning of ${path}`,
    nothing: "nothing",
  };
  const failed: Line[] =
    problem === null ? [] : [["problem", `${problem.code}: ${problem.message}`]];
  const isKnown = view !== null && shown !== "head";
  if (entry === null) {
    const format: Line[] = isKnown ? [["format", view.format]] : [];
    return [[null, dataset ?? "in no dataset"], ["shown", what[shown]], ...format, ...failed];
  }
  const from = fromText(entry);
  // One line says what format the sample has; that of something else stands with what it is.
  const isOther = isKnown && shown !== "sample" && sampled !== null;
  const format: Line[] = isKnown && sampled === null ? [["format", view.format]] : [];
  return [
    [null, `${entry.dataset}  ${entry.raw}`],
    ["bronze", entry.bronze],
    ["mtime", `${entry.mtime}${timeText(entry.mtime)}`],
    ["state", stateText(entry, Date.now(), waitsFor)],
    ...sampleLines(entry, sampled),
    ...(from === undefined ? [] : [["from", from] as const]),
    ...format,
    ["shown", `${what[shown]}${isOther ? `, as ${view.format}` : ""}`],
    ...failed,
  ];
}

/** Lines about an entry's sample. */
function sampleLines(entry: WholeEntry, sampled: Receipt | null): Line[] {
  const { sample, bytes, stale, outcome } = entry;
  if (sample === null) return [["sample", "none"]];
  const size = bytes === null ? "" : `, ${bytesText(bytes)}`;
  const line: Line = ["sample", `${sample}${size}${stale ? "; of an earlier version" : ""}`];
  if (sampled === null) return [line];
  const { format, recognisedBy, rows, complete, cut, strategy, parts, why, reason, sourceRows } =
    sampled;
  const extent = complete === true ? "complete" : cut === undefined ? undefined : `cut by ${cut}`;
  const facts = [
    `${formatText(String(format), sample)}, recognised by ${recognisedBy ?? "?"}`,
    typeof rows === "number" ? rowsText(rows, sourceRows) : undefined,
    extent,
    strategyText(strategy, parts, why),
    reason,
  ];
  const { readBytes, sourceSize, requests } = sampled;
  const asked = typeof requests === "number" ? requests : null;
  const source =
    typeof sourceSize === "number" && typeof readBytes === "number"
      ? [["source", readText(readBytes, sourceSize, asked)] as const]
      : [];
  const { warnings } = sampled;
  // Else the state says it.
  const when: Line[] = outcome === "sampled" ? [] : [["sampled", String(sampled["at"])]];
  return [
    line,
    ...when,
    ["format", facts.filter((fact) => fact !== undefined).join(", ")],
    ...source,
    ...(Array.isArray(warnings) ? warnings : []).map((one): Line => ["warning", String(one)]),
  ];
}

function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? "" : `  (${time.toISOString().replace(".000Z", "Z")})`;
}
