import { Failure } from "../../errors.ts";
import { printable } from "../../lib/text.ts";
import { type Context, exitCodes, nameLake } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { type FailureOptions, failureFilter } from "../filter.ts";
import { printJson, printLine } from "../output/print.ts";
import { changeStore } from "../../store/open.ts";

/** Options of `acknowledge`. */
export interface AcknowledgeOptions extends FailureOptions {
  /** True for manifest lines only. */
  readonly lines?: boolean;
  /** True to take it back. */
  readonly undo?: boolean;
}

type Counts = ReadonlyMap<string, number>;

const NONE: Counts = new Map();

/**
 * Marks bad manifest lines, and failed entries that are not tried again, as seen: they stay listed,
 * but no longer count as trouble. Works beside the daemon or without one.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function acknowledge(options: AcknowledgeOptions, context: Context): Promise<number> {
  const { glob, code, lines: linesOnly = false, undo: isUndone = false } = options;
  if (linesOnly && (glob !== undefined || code !== undefined)) {
    throw new Failure("USAGE", "--lines is for lines alone, which have no raw, and one code");
  }
  const settings = settingsFor(options, context);
  nameLake(settings, context);
  const meant = { ...failureFilter(options), isUndone };
  // A rejected line has no raw and one code: a glob or another code means none of them.
  const hasLines = glob === undefined && (code === undefined || code === "LINE_INVALID");
  const hasEntries = !linesOnly && code !== "LINE_INVALID";
  const [entries, lines] = await changeStore(settings, async ({ changes }) => [
    hasEntries ? await changes.acknowledgeEntries(meant) : NONE,
    hasLines ? await changes.acknowledgeLines(meant, Date.now()) : NONE,
  ]);
  const names = [...new Set([...entries.keys(), ...lines.keys()])].toSorted();
  const datasets = names.map((dataset) => ({
    dataset,
    entries: entries.get(dataset) ?? 0,
    lines: lines.get(dataset) ?? 0,
  }));
  if (options.json === true) {
    printJson(context, { undone: isUndone, entries: sum(entries), lines: sum(lines), datasets });
    return exitCodes.done;
  }
  const done = isUndone ? "no longer acknowledged" : "acknowledged";
  for (const each of datasets) {
    const what = `${counted(each.entries, "entry", "entries")}, ${counted(each.lines, "line", "lines")}`;
    printLine(context, printable(`${each.dataset}: ${what} ${done}`));
  }
  if (datasets.length === 0) {
    const tried = isUndone ? "" : "; what is still tried again cannot be acknowledged";
    printLine(context, `nothing that matches is to be ${done}${tried}`);
  }
  return exitCodes.done;
}

function sum(counts: Counts): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
