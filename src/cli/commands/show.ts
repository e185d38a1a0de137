import { jsonText, printable } from "../../lib/text.ts";
import { profileOf } from "../../view/profile.ts";
import type { Table, View } from "../../view/view.ts";
import { schemaOf, withColumns } from "../output/columns.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { page } from "../output/pager.ts";
import { printLine, tell } from "../output/print.ts";
import { provenanceOf } from "../output/provenance-text.ts";
import { findWhat } from "../../inspect/find.ts";
import { codeOf } from "../../inspect/code.ts";
import { wholeFileOf } from "../../inspect/whole-file.ts";
import { lookAll, type Shown } from "../../inspect/show.ts";
import type { Settings } from "../../config/settings.ts";
import type { Program } from "../../view/code.ts";
import { tableAs, type TableForm, verticalText } from "../output/table-out.ts";
import { layoutFor, viewText } from "../output/view-text.ts";
import { writeAll } from "../output/write.ts";

/** Rows of a table that its profile is of, at most. */
const MOST_ROWS = 10_000;

/** Options of `show`. */
export interface ShowOptions extends InspectOptions {
  readonly what: string;
  readonly dataset?: string;
  /** Rows of each table. */
  readonly rows: number;
  /** Columns of the terminal; 0 for no limit. */
  readonly width?: number;
  /** Names of the columns to show. */
  readonly columns?: readonly string[];
  /** True to put each row on lines of its own. */
  readonly vertical?: boolean;
  /** True for names and types of columns, instead of rows. */
  readonly schema?: boolean;
  /** True for what the values of each column are, instead of rows. */
  readonly profile?: boolean;
  /** True for the lines with which programs read the file, instead of rows; or one program. */
  readonly code?: true | Program;
  /** The form in which only the tables are printed. */
  readonly output?: TableForm;
  /** False for no pager. */
  readonly pager: boolean;
}

/**
 * Prints a sample as tables, or whatever can be shown of a file without one; writes nothing.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function show(options: ShowOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const found = await findWhat(options.what, settings, options.dataset);
  // A profile is of all rows that a sample has.
  const rows = options.profile === true ? MOST_ROWS : options.rows;
  const { output, vertical, profile } = options;
  const hasWholeCells = output !== undefined || vertical === true || profile === true;
  const looked = await lookAll(found, settings, { rows, hasWholeCells });
  const all: Shown[] = [];
  for (const one of looked) {
    const view = one.view === null ? null : chosenOf(one.view, options);
    all.push({ ...one, view: await withWhole(one, view, options, settings) });
  }
  if (options.code !== undefined) return printCode(all, options.code, settings, context);
  if (options.output !== undefined) for (const one of all) tellOf(one, context);
  if (options.json === true) await writeAll(context, `${jsonText(all, 2)}\n`);
  else await page(context, textOf(all, options, context), options.pager);
  return all.every(({ view }) => view === null) ? exitCodes.failed : exitCodes.done;
}

/** The same view; a profile for people, or as JSON, also has what the file says of all its rows. */
async function withWhole(
  { entry, sampled, shown }: Shown,
  view: View | null,
  { profile, output }: ShowOptions,
  settings: Settings,
): Promise<View | null> {
  if (view === null || entry === null || shown !== "sample") return view;
  if (profile !== true || output !== undefined) return view;
  const whole = await wholeFileOf(settings, { entry, receipt: sampled });
  return whole === undefined ? view : { ...view, tables: [...view.tables, whole] };
}

/** Prints the lines with which programs read files; only that of one program, where it is named. */
function printCode(
  all: readonly Shown[],
  wanted: true | Program,
  settings: Pick<Settings, "prefix">,
  context: Context,
): number {
  let printed = 0;
  for (const shown of all) {
    const lines = codeOf(shown, settings);
    const chosen = lines.filter(({ program }) => wanted === true || program === wanted);
    for (const { program, line } of chosen)
      printLine(context, wanted === true ? `${program.padEnd(8)}${line}` : line);
    printed += chosen.length;
    const format = shown.view?.format ?? "what cannot be shown";
    const by = wanted === true ? "" : ` by ${wanted}`;
    if (chosen.length === 0) tell(context, `staging-sampler: ${format} is not read${by}`);
  }
  return printed > 0 ? exitCodes.done : exitCodes.failed;
}

/** Prints on stderr what belongs to the tables, where these are printed alone. */
function tellOf({ problem, view }: Shown, context: Context): void {
  if (problem !== null) tell(context, `staging-sampler: ${problem.code}: ${problem.message}`);
  for (const { title, notes } of view?.tables ?? []) {
    const of = title === null ? "" : `${title}: `;
    for (const note of notes) tell(context, `staging-sampler: ${of}${note}`);
  }
}

function chosenOf(view: View, { columns, schema, profile }: ShowOptions): View {
  const chosen = columns === undefined ? view : withColumns(view, columns);
  if (profile === true) return profileOf(chosen);
  return schema === true ? schemaOf(chosen) : chosen;
}

function textOf(all: readonly Shown[], options: ShowOptions, context: Context): string {
  const { output } = options;
  if (output === undefined) {
    return `${all.map((one) => wholeText(one, options, context)).join("\n\n")}\n`;
  }
  const tables = all.flatMap(({ view }): readonly Table[] => view?.tables ?? []);
  return tables.map((table) => tableAs(output, table, context.out.isTTY)).join("\n");
}

/** The provenance of what is shown, and its tables. */
function wholeText(shown: Shown, { width, vertical }: ShowOptions, context: Context): string {
  const said = provenanceOf(shown).map(([label, text]) =>
    label === null ? printable(text) : `  ${label.padEnd(9)} ${printable(text)}`,
  );
  const { view } = shown;
  if (view === null) return said.join("\n");
  // Facts go on where the provenance ends; a table stands apart.
  const gap = view.facts.length + view.warnings.length > 0 ? "\n" : "\n\n";
  const layout = layoutFor(context, width);
  if (vertical !== true) return said.join("\n") + gap + viewText(view, layout);
  const facts = viewText({ ...view, tables: [] }, layout);
  const tables = view.tables.map(verticalText);
  return said.join("\n") + gap + [facts, ...tables].filter((text) => text !== "").join("\n\n");
}
