import { type Validation, validationText } from "../../checks/contract/validation.ts";
import type { WholeEntry } from "../../store/rows.ts";
import { Failure } from "../../errors.ts";
import { type Explanation, explainEntry } from "../../inspect/explain.ts";
import { createLake } from "../../lake/lake.ts";
import type { Receipt } from "../../samples/receipts.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { bytesText, counted, formatText, strategyText } from "../../lib/text.ts";
import { printJson, printLine } from "../output/print.ts";
import { unknownRaw } from "../../inspect/unknown-names.ts";
import { fromText } from "../../inspect/from-text.ts";
import { heldBy, stateText } from "../../inspect/state-text.ts";
import { type WaitingFor, waitingFor } from "../../inspect/waiting-for.ts";
import { holderOf, openStoreToRead } from "../../store/open.ts";

/** Options of `explain`. */
export interface ExplainOptions extends InspectOptions {
  readonly raw: string;
  readonly dataset?: string;
}

/** Prints everything about one raw; writes nothing. @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE */
export async function explain(options: ExplainOptions, context: Context): Promise<number> {
  const { raw, dataset, json } = options;
  const settings = settingsFor(options, context);
  const store = await openStoreToRead(settings);
  let entries: readonly WholeEntry[];
  let waiting: WaitingFor;
  try {
    entries = await store.queries.entriesOf(raw, dataset);
    waiting = await waitingFor(store.process, settings, (await holderOf(settings)) ?? null);
    if (entries.length === 0)
      throw new Failure("USAGE", await unknownRaw(store.queries, { raw, dataset }));
  } finally {
    await store.close();
  }
  const lake = createLake(settings);
  const explained: Explanation[] = [];
  for (const entry of entries)
    explained.push(await explainEntry(entry, lake, settings.forDataset(entry.dataset).mask));
  if (json === true) printJson(context, explained);
  else {
    for (const one of explained) print(one, heldBy(waiting, one.entry.dataset), context);
  }
  return exitCodes.done;
}

function print(explanation: Explanation, waitsFor: string | null, context: Context): void {
  const { entry, decision, receipts, lines, problems } = explanation;
  const show = (label: string, text: string) => printLine(context, `  ${label.padEnd(9)} ${text}`);
  printLine(context, `${entry.dataset}  ${entry.raw}`);
  show("bronze", `${entry.bronze}  mtime ${entry.mtime}`);
  show("state", stateText(entry, Date.now(), waitsFor));
  show("next line", `${decision.decision}, with the same mtime: ${decision.why}`);
  show("sample", sampleText(explanation));
  const from = fromText(entry);
  if (from !== undefined) show("from", from);
  const { sampled } = explanation;
  if (sampled !== null) show("format", recognisedText(sampled));
  for (const warning of warningsOf(sampled)) show("warning", warning);
  const validation = sampled?.["validation"] as Validation | undefined;
  if (validation !== undefined) show("contract", validationText(validation));
  show("receipts", countText(receipts));
  for (const { at, outcome, mtime, ...facts } of receipts.last) {
    const what = outcome === "failed" ? `${facts["code"]}: ${facts["message"]}` : facts.sample;
    show("", `${at}  ${outcome}  mtime ${mtime}  ${what ?? ""}`);
  }
  show("lines", countText(lines));
  for (const { path, line, mtime, bronze } of lines.last) {
    show("", `${path}:${line}  mtime ${mtime}  ${bronze}`);
  }
  for (const problem of problems) show("unread", problem);
}

function sampleText({ entry: { sample, bytes, stale }, onDisk }: Explanation): string {
  if (sample === null || onDisk === null) return "none";
  const recorded = bytes === null ? "" : `, ${bytesText(bytes)}`;
  const found = onDisk.is === "different" ? `${bytesText(onDisk.bytes ?? 0)} on disk` : onDisk.is;
  return `${sample}${recorded}: ${found}${stale ? "; of an earlier version" : ""}`;
}

function recognisedText(receipt: Receipt): string {
  const { format, sample, recognisedBy, rows, complete, cut, strategy, parts, why, reason } =
    receipt;
  const facts = [
    `${formatText(String(format), sample ?? null)}, recognised by ${recognisedBy ?? "?"}`,
    typeof rows === "number" ? counted(rows, "row") : undefined,
    complete === true ? "complete" : cut === undefined ? undefined : `cut by sample.${cut}`,
    strategyText(strategy, parts, why),
    reason,
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

function warningsOf(receipt: Receipt | null): string[] {
  const warnings = receipt?.["warnings"];
  return Array.isArray(warnings) ? warnings.map(String) : [];
}

function countText({ count, last }: Explanation["lines"] | Explanation["receipts"]): string {
  return last.length < count ? `${count}, the last ${last.length}:` : `${count}`;
}
