import { type Diff, diffOf } from "../../inspect/diff.ts";
import type { RowsOfSide, TableDiff } from "../../inspect/diff-tables.ts";
import { counted } from "../../lib/text.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { clip, printJson, printLine, printText, tabbed, table } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `diff`. */
export interface DiffOptions extends InspectOptions {
  readonly raw: string;
  readonly other?: string;
  readonly dataset?: string;
  /** Rows that differ, of each side. */
  readonly rows: number;
}

/** Prints how two samples differ. @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE */
export async function diff(options: DiffOptions, context: Context): Promise<number> {
  const all = await diffOf(settingsFor(options, context), options);
  if (options.json === true) printJson(context, all);
  else for (const one of all) print(one, context);
  return exitCodes.done;
}

function print({ dataset, before, now, tables }: Diff, context: Context): void {
  printLine(context, `${dataset}  ${now.raw}`);
  printLine(context, `  before    ${before.sample}, ${counted(before.rows, "row")}`);
  printLine(context, `  now       ${now.sample}, ${counted(now.rows, "row")}`);
  for (const each of tables) printTable(each, context);
}

function printTable(found: TableDiff, context: Context): void {
  const { title, added, removed, retyped, isReordered, same, onlyBefore, onlyNow } = found;
  const say = (text: string) => printLine(context, `  ${text}`);
  if (title !== null) say(title);
  for (const name of removed) say(`column ${JSON.stringify(name)} removed`);
  for (const name of added) say(`column ${JSON.stringify(name)} added`);
  for (const { column, was, is } of retyped)
    say(`column ${JSON.stringify(column)}: type ${is}, was ${was}`);
  if (isReordered) say("columns in another order");
  const rows = `${counted(same, "row")} the same, ${onlyBefore.count} only before, ${onlyNow.count} only now`;
  say(found.columns.length === 0 ? "no column in common: rows are not compared" : rows);
  if (onlyBefore.count + onlyNow.count > 0 && found.columns.length > 0) printRows(found, context);
}

/** Prints rows that only one side has, `-` for before and `+` for now. */
function printRows({ columns, onlyBefore, onlyNow }: TableDiff, context: Context): void {
  const signed = (sign: string, { rows }: RowsOfSide) => rows.map((row) => [sign, ...row]);
  const rows = [...signed("-", onlyBefore), ...signed("+", onlyNow)];
  const { isTTY, columns: width } = context.out;
  const text = (isTTY ? table : tabbed)(["", ...columns], rows);
  for (const line of text.split("\n")) printText(context, isTTY ? clip(line, width) : line);
}
