import { detailsOf } from "../../samples/findings.ts";
import type { Settings } from "../../config/settings.ts";
import type { PassEvent } from "../../sampling/events.ts";
import type { Settled } from "../../store/drain-store.ts";
import type { PassSummary } from "../../store/types.ts";
import { createBar } from "./progress-bar.ts";
import { type Context, exitCodes } from "../command.ts";
import { bytesText, counted, countText, durationText } from "../../lib/text.ts";
import { printJson, printLine } from "./print.ts";
import type { Queries } from "../../store/queries.ts";

/** Time between two counts of due entries, ms. */
const RECOUNT_MS = 1000;
/**
 * Multiple of the time that counting took, until the next count: with millions of entries it takes
 * a while.
 */
const RECOUNT_SHARE = 50;

/** The progress of a pass, for people. */
export interface Progress {
  readonly report: (event: PassEvent) => void;
  readonly end: () => void;
}

/** Shows the progress of a pass, and a line on stderr for each thing that went wrong. */
export function progress(queries: Queries, settings: Settings, context: Context): Progress {
  const bar = createBar(context, "files");
  let restoring = createBar(context, "receipts taken over");
  let done = 0;
  let total = 0;
  let described = 0;
  let recountAt = -Infinity;

  /**
   * Counts the due entries again. They change while they are done: entries come, and outcomes are
   * reported in batches.
   */
  async function recount(): Promise<void> {
    const before = performance.now();
    if (before < recountAt) return;
    recountAt = Infinity;
    const isSampled = (dataset: string) => settings.offReason(dataset) === undefined;
    const { entries } = await queries.backlog(Date.now(), isSampled);
    total = Math.max(total, done + entries);
    const after = performance.now();
    recountAt = after + Math.max(RECOUNT_MS, (after - before) * RECOUNT_SHARE);
  }

  /** Counts again; a store that cannot be asked ends the pass itself. */
  function refresh(): void {
    void recount().catch(() => undefined);
  }

  return {
    end() {
      bar.end();
      restoring.end();
    },
    report(event) {
      if (event.type === "restoring") return restoring.update(event.receipts, () => undefined);
      if (event.type === "ingested" && event.ingested.restored !== undefined) {
        restoring.end();
        restoring = createBar(context, "receipts taken over");
      }
      const line = eventText(event);
      if (line !== undefined) bar.say(line);
      if (event.type !== "settled") return;
      done += 1;
      if (isDescription(event.settled)) described += 1;
      if (done === 1) refresh();
      const note = described === 0 ? "" : ` (${countText(described)} described)`;
      bar.update(
        done,
        () => {
          refresh();
          return Math.max(done, total);
        },
        note,
      );
    },
  };
}

function isDescription({ outcome }: Settled): boolean {
  return outcome.outcome === "sampled" && outcome.described === true;
}

/** Prints the results of a pass. */
export function printSummary(summary: PassSummary, json: boolean, context: Context): void {
  if (json) return printJson(context, summary);
  const { datasets, lines, sampled, described, failed, unchanged, superseded, rejected, ms } =
    summary;
  const { readBytes, bytes, pruned, paused, errors, confirmed, moved } = summary;
  const rate = ms > 0 ? Math.round((sampled + described + failed) / (ms / 1000)) : 0;
  printLine(
    context,
    `${counted(lines, "line")} of ${counted(datasets, "dataset")} in ${durationText(ms)} (${countText(rate)} files/s)`,
  );
  printLine(
    context,
    `sampled ${sampled}, described ${described}, failed ${failed}, unchanged ${unchanged}, superseded ${superseded}, rejected ${rejected}`,
  );
  if (confirmed + moved > 0)
    printLine(
      context,
      `raw files: ${confirmed} confirmed, ${moved} moved before they were sampled`,
    );
  printLine(context, `read ${bytesText(readBytes)}, wrote ${bytesText(bytes)}`);
  if (pruned > 0) printLine(context, `${counted(pruned, "sample")} removed (retention)`);
  if (paused > 0)
    printLine(context, `${counted(paused, "dataset waits", "datasets wait")} for the next pass`);
  if (errors > 0)
    printLine(
      context,
      `${counted(errors, "manifest or directory", "manifests or directories")} could not be read`,
    );
}

/** Details of a finding that are named. */
const TOLD = 5;

/** The first of some details, and the number of others; `more` were left out before. */
function firstFew(details: readonly string[], more: number): string {
  const left = Math.max(0, details.length - TOLD) + more;
  return [...details.slice(0, TOLD), ...(left === 0 ? [] : [`${left} more`])].join("; ");
}

/** A line for people about an event that is trouble; undefined for others. */
export function eventText(event: PassEvent): string | undefined {
  switch (event.type) {
    case "settled": {
      const { claim, outcome } = event.settled;
      if (outcome.outcome !== "failed") return undefined;
      return `failed: ${claim.job.dataset} ${claim.job.raw}: ${outcome.code}: ${outcome.message}`;
    }
    case "rejected": {
      const { path, line, offset, reason } = event.line;
      return `rejected: ${event.dataset} manifests/${path} line ${line}, byte ${offset}: ${reason}`;
    }
    case "finding": {
      const { finding } = event;
      const of = `${event.dataset} ${finding.raw}`;
      const word = finding.kind === "drift" ? "differs" : `contract ${finding.result}`;
      return `${word}: ${of}: ${firstFew(detailsOf(finding), finding.more)}`;
    }
    case "contract":
      return `contract: ${event.contract}: ${event.reason}`;
    case "pruned":
    case "restoring":
    case "confirmed":
    case "moved":
    case "looked":
      return undefined;
    case "crowded":
      return `${event.dataset}  ${event.path}: ${manyNamesText(event.names)}`;
    case "skipped":
      return `${event.dataset}: no regular file, not read: ${event.names.join(", ")}`;
    case "cleanedUp":
      return `removed ${counted(event.files, "temporary file")} of ${event.dataset}`;
    case "unmade":
      return `removed ${counted(event.unmade.files, "sample")} of ${event.dataset} that another mask made`;
    case "ingested": {
      const { reread, restored } = event.ingested;
      if (reread === undefined) return undefined;
      const kept =
        restored === undefined
          ? ""
          : `; ${counted(restored, "receipt was", "receipts were")} taken over`;
      return `${event.dataset}: manifest read again from the start (${reread})${kept}`;
    }
    default:
      return `${event.type === "paused" ? "waits" : "error"}: ${event.where}: ${event.code}: ${event.message}`;
  }
}

/** A remark about a directory of raw files that has that many names. */
function manyNamesText(names: number): string {
  return `${countText(names)} names in one directory; subdirectories by date make a look cheaper`;
}

/** The exit code for a pass that came to its end. */
export function exitCodeOf({ failed, rejected, errors, paused }: PassSummary): number {
  return failed + rejected + errors + paused > 0 ? exitCodes.entriesFailed : exitCodes.done;
}
