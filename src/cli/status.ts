import { stat } from "node:fs/promises";
import { join } from "node:path";
import { checkpointsOf } from "../cache/checkpoints.ts";
import { datasetsOf } from "../cache/datasets.ts";
import { factOf } from "../cache/facts.ts";
import { holderOf } from "../cache/lock.ts";
import { type Db, openCacheToRead } from "../cache/open.ts";
import { datasetTotals, type DatasetTotals, failuresByCode } from "../cache/totals.ts";
import { MANIFEST_PATH } from "../manifest/discover.ts";
import type { PassSummary } from "../summary.ts";
import { type Context, exitCodes, type InspectOptions, settingsFor } from "./command.ts";
import { bytesText, durationText, printJson, printLine, table } from "./print.ts";

interface DatasetStatus extends Omit<DatasetTotals, "oldestDueAt"> {
  /** Age of the oldest entry that is due, seconds; null when none is. */
  readonly oldestDueSeconds: number | null;
  /** Bytes of the manifest that are not taken in yet; null when it cannot be looked at. */
  readonly unreadBytes: number | null;
}

/** Prints totals, backlog, lag and failures. @throws Failure CONFIG_INVALID or CACHE_UNUSABLE */
export async function status(options: InspectOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const db = openCacheToRead(settings.state);
  const now = Date.now();
  const totals = datasetTotals(db, now);
  const datasets = await Promise.all(
    totals.map(async ({ oldestDueAt, ...dataset }): Promise<DatasetStatus> => {
      const oldestDueSeconds = oldestDueAt === null ? null : Math.round((now - oldestDueAt) / 1000);
      const unreadBytes = await unreadOf(db, settings.prefix, dataset.dataset);
      return Object.assign(dataset, { oldestDueSeconds, unreadBytes });
    }),
  );
  const pass = factOf(db, "pass");
  const running = holderOf(settings.state) ?? null;
  const report = {
    running,
    passesWait: (running !== null && factOf(db, "passesWait")) || null,
    lastPass: pass === undefined ? null : (JSON.parse(pass) as PassSummary),
    failures: failuresByCode(db),
    datasets,
  };
  db.close();
  if (options.json === true) printJson(context, report);
  else print(report, context);
  return exitCodes.done;
}

async function unreadOf(db: Db, prefix: string, dataset: string): Promise<number | null> {
  const id = datasetsOf(db).find(dataset);
  const found = await stat(join(prefix, dataset, MANIFEST_PATH)).catch(() => undefined);
  if (id === undefined || found === undefined) return null;
  const current = checkpointsOf(db)
    .of(id)
    .find(({ file }) => file === `${found.dev}:${found.ino}`);
  return Math.max(0, found.size - (current?.offset ?? 0));
}

function print(
  report: {
    readonly running: ReturnType<typeof holderOf> | null;
    /** Why, where the host is busy. */
    readonly passesWait: string | null;
    readonly lastPass: PassSummary | null;
    readonly failures: readonly { readonly code: string; readonly entries: number }[];
    readonly datasets: readonly DatasetStatus[];
  },
  context: Context,
): void {
  const { running, passesWait, lastPass, failures, datasets } = report;
  const sum = (key: "entries" | "sampled" | "failed" | "waiting") =>
    datasets.reduce((total, dataset) => total + dataset[key], 0);
  const who =
    running == null
      ? "not running"
      : `running: pid ${running.pid} on ${running.host} since ${running.since}`;
  printLine(context, who);
  if (passesWait !== null) printLine(context, `passes wait: ${passesWait}`);
  printLine(
    context,
    `${sum("entries")} entries: ${sum("sampled")} sampled, ${sum("failed")} failed, ${sum("waiting")} waiting`,
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
