import { jsonText, printable } from "../lib/text.ts";
import { type Context, exitCodes, type InspectOptions, settingsFor } from "./command.ts";
import { provenanceOf } from "./provenance.ts";
import { findWhat } from "./show-what.ts";
import { lookAll, type Shown } from "./shown.ts";
import { layoutFor, viewText } from "./view-text.ts";
import { writeAll } from "./write.ts";

/** Options of `show`. */
export interface ShowOptions extends InspectOptions {
  readonly what: string;
  readonly dataset?: string;
  /** Of each table. */
  readonly rows: number;
  /** Columns of the terminal; 0 for no limit. */
  readonly width?: number;
}

/**
 * Prints a sample, or what there is of a file without one, as tables; writes nothing.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function show(options: ShowOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const found = await findWhat(options.what, settings, options.dataset);
  const all = await lookAll(found, settings, options.rows);
  if (options.json === true) await writeAll(context, `${jsonText(all, 2)}\n`);
  else await writeAll(context, `${all.map((one) => textOf(one, options, context)).join("\n\n")}\n`);
  return all.every(({ view }) => view === null) ? exitCodes.failed : exitCodes.done;
}

function textOf(shown: Shown, { width }: ShowOptions, context: Context): string {
  const said = provenanceOf(shown).map(([label, text]) =>
    label === null ? printable(text) : `  ${label.padEnd(9)} ${printable(text)}`,
  );
  const { view } = shown;
  if (view === null) return said.join("\n");
  // Facts go on where the provenance ends; a table stands apart.
  const gap = view.facts.length + view.warnings.length > 0 ? "\n" : "\n\n";
  return said.join("\n") + gap + viewText(view, layoutFor(context, width));
}
