import type { Settings } from "../../config/settings.ts";
import { errorMessage, Failure } from "../../errors.ts";
import { type StatusReport, statusOf } from "../../inspect/status.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { jsonText, printable } from "../../lib/text.ts";
import { printJson, printText } from "../output/print.ts";
import { statusText } from "../output/status-text.ts";
import { type Size, watch } from "../output/repeat.ts";
import { isStoreError, openStoreToRead } from "../../store/open.ts";

/** Options of `status`. */
export interface StatusOptions extends InspectOptions {
  /** True to show every dataset. */
  readonly all?: boolean;
  /** Seconds between two looks, to show it again and again; true for the default. */
  readonly watch?: number | true;
}

/** Default time between two looks, s. */
const SECONDS = 2;
/** Datasets that are shown where there is no terminal to fill. */
const DATASETS = 20;

/**
 * Prints health, backlog, failures and rates, once or again and again.
 * @throws Failure CONFIG_INVALID; once also CACHE_UNUSABLE
 */
export async function status(options: StatusOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const { json = false, all = false } = options;
  if (options.watch !== undefined) {
    const show = (size: Size | undefined) => frameOf(settings, { json, all, size });
    await watch(show, (options.watch === true ? SECONDS : options.watch) * 1000, context);
    return exitCodes.done;
  }
  const report = await look(settings);
  if (json) printJson(context, report);
  else {
    const { isTTY, columns } = context.out;
    const room = { datasets: all ? Infinity : DATASETS, ...(isTTY ? { columns } : {}) };
    printText(context, statusText(report, Date.now(), room));
  }
  return exitCodes.done;
}

/**
 * Makes a report. The cache is opened again each time: a reader that stays would hold up a daemon
 * that stops, and would not see that the cache was moved aside.
 */
async function look(settings: Settings): Promise<StatusReport> {
  await using store = await openStoreToRead(settings);
  return await statusOf(store, settings, Date.now());
}

/** The text of one look; where there is no cache at the moment, a text that says so. */
async function frameOf(
  settings: Settings,
  {
    json,
    all,
    size,
  }: { readonly json: boolean; readonly all: boolean; readonly size: Size | undefined },
): Promise<string> {
  try {
    const report = await look(settings);
    if (json) return `${jsonText(report)}\n`;
    const now = Date.now();
    const datasets = all ? Infinity : DATASETS;
    const lines = size === undefined ? {} : { lines: size.rows - 1, columns: size.columns };
    return blockOf(statusText(report, now, { datasets, ...lines }), size);
  } catch (error) {
    const problem = problemIn(error);
    if (problem === undefined) throw error;
    const { code, message } = problem;
    return json ? `${jsonText(problem)}\n` : blockOf(printable(`${code}: ${message}`), size);
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
}

/** The problem in an error that may pass: the daemon makes the cache, moves it aside, or holds it. */
function problemIn(error: unknown): Problem | undefined {
  if (error instanceof Failure) return { code: error.code, message: error.message };
  return isStoreError(error) ? { code: "CACHE_UNUSABLE", message: errorMessage(error) } : undefined;
}

function blockOf(text: string, size: Size | undefined): string {
  return `${new Date().toISOString()}\n${text}${size === undefined ? "\n\n" : ""}`;
}
