import { openCacheToRead } from "../cache/open.ts";
import { type StatusReport, statusOf } from "../status.ts";
import { type Context, exitCodes, type InspectOptions, settingsFor } from "./command.ts";
import { bytesText, durationText, printJson, printLine, table } from "./print.ts";

/** Prints totals, backlog, lag and failures. @throws Failure CONFIG_INVALID or CACHE_UNUSABLE */
export async function status(options: InspectOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const db = openCacheToRead(settings.state);
  const report = await statusOf(db, settings, Date.now());
  db.close();
  if (options.json === true) printJson(context, report);
  else print(report, context);
  return exitCodes.done;
}

function print(report: StatusReport, context: Context): void {
  const { running, passesWait, lastPass, totals, failures, datasets } = report;
  const who =
    running == null
      ? "not running"
      : `running: pid ${running.pid} on ${running.host} since ${running.since}`;
  printLine(context, who);
  if (passesWait !== null) printLine(context, `passes wait: ${passesWait}`);
  printLine(
    context,
    `${totals.entries} entries: ${totals.sampled} sampled, ${totals.failed} failed, ${totals.waiting} waiting`,
  );
  if (lastPass !== null) {
    const { at, ms, sampled, failed, readBytes } = lastPass;
    printLine(
      context,
      `last pass ${at}: ${durationText(ms)}, ${sampled} sampled, ${failed} failed, ${bytesText(readBytes)} read`,
    );
  }
  if (failures.length > 0) {
    printLine(
      context,
      `\n${table(
        ["code", "entries"],
        failures.map(({ code, entries }) => [code, entries]),
      )}`,
    );
  }
  if (datasets.length === 0) return;
  const rows = datasets.map((d) => [
    d.dataset,
    d.entries,
    d.sampled,
    d.failed,
    d.pruned,
    d.waiting,
    d.oldestDueSeconds === null ? "" : durationText(d.oldestDueSeconds * 1000),
    d.unreadBytes === null ? "?" : bytesText(d.unreadBytes),
    d.rejected,
  ]);
  const headings = [
    "dataset",
    "entries",
    "sampled",
    "failed",
    "pruned",
    "waiting",
    "oldest",
    "unread",
    "rejected",
  ];
  printLine(context, `\n${table(headings, rows)}`);
}
