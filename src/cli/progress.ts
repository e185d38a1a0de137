import { Presets, SingleBar } from "cli-progress";
import { countDue } from "../cache/totals.ts";
import type { Db } from "../cache/open.ts";
import type { PassEvent } from "../pass.ts";
import type { PassSummary } from "../summary.ts";
import { type Context, exitCodes } from "./command.ts";
import { bytesText, durationText, printable, printJson, printLine } from "./print.ts";

const RECOUNT_MS = 200;

/** What shows a pass while it goes on. */
export interface Progress {
  readonly report: (event: PassEvent) => void;
  readonly end: () => void;
}

/** A bar on a terminal, and a line on stderr for each thing that went wrong. */
export function progress(db: Db, { err }: Context): Progress {
  const bar = new SingleBar(
    {
      stream: err,
      format: "{bar} {percentage}% | {value}/{total} files | {eta_formatted} left",
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let isShown = false;
  let done = 0;
  let total = 0;
  let countedAt = -Infinity;

  function end(): void {
    if (isShown) bar.stop();
    isShown = false;
  }

  /** What is due changes while it is done: entries come, and outcomes are reported in batches. */
  function recount(): void {
    if (performance.now() - countedAt >= RECOUNT_MS) {
      total = done + countDue(db, Date.now());
      countedAt = performance.now();
    }
    bar.setTotal(Math.max(total, done));
  }

  return {
    end,
    report(event) {
      const line = troubleOf(event);
      if (line !== undefined) err.write(`${isShown ? "\r\u001b[K" : ""}${printable(line)}\n`);
      if (event.type !== "settled" || !err.isTTY) return;
      done += 1;
      if (!isShown) bar.start(done, 0);
      isShown = true;
      recount();
      bar.update(done);
    },
  };
}

/** Prints what a pass did. */
export function printSummary(summary: PassSummary, json: boolean, context: Context): void {
  if (json) return printJson(context, summary);
  const { datasets, lines, sampled, failed, unchanged, superseded, rejected, ms } = summary;
  const { readBytes, bytes, pruned, paused, errors } = summary;
  const rate = ms > 0 ? Math.round((sampled + failed) / (ms / 1000)) : 0;
  printLine(
    context,
    `${lines} lines of ${datasets} datasets in ${durationText(ms)} (${rate} files/s)`,
  );
  printLine(
    context,
    `sampled ${sampled}, failed ${failed}, unchanged ${unchanged}, superseded ${superseded}, rejected ${rejected}`,
  );
  printLine(context, `read ${bytesText(readBytes)}, wrote ${bytesText(bytes)}`);
  if (pruned > 0) printLine(context, `${pruned} samples removed (retention)`);
  if (paused > 0) printLine(context, `${paused} datasets wait for the next pass`);
  if (errors > 0) printLine(context, `${errors} manifests or directories could not be read`);
}

/** A line for a person, where an event is trouble. */
export function troubleOf(event: PassEvent): string | undefined {
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
    case "pruned":
      return undefined;
    case "swept":
      return `removed ${event.files} temporary files of ${event.dataset}`;
    case "ingested": {
      const { reread, restored } = event.ingested;
      if (reread === undefined) return undefined;
      const kept = restored === undefined ? "" : `; ${restored} receipts were taken over`;
      return `${event.dataset}: manifest read again from the start (${reread})${kept}`;
    }
    default:
      return `${event.type === "paused" ? "waits" : "error"}: ${event.where}: ${event.code}: ${event.message}`;
  }
}

/** The exit code for a pass that came to its end. */
export function exitCodeOf({ failed, rejected, errors, paused }: PassSummary): number {
  return failed + rejected + errors + paused > 0 ? exitCodes.entriesFailed : exitCodes.done;
}
