import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type SampledTable, skeletonOf } from "../../checks/contract/skeleton.ts";
import { seriesKey } from "../../checks/shape/series-key.ts";
import { loadConfigIfAny } from "../../config/load.ts";
import { yamlText } from "../../config/yaml-text.ts";
import { Failure } from "../../errors.ts";
import { findWhat } from "../../inspect/find.ts";
import { maskOfFile } from "../../inspect/mask-for.ts";
import { lookAll } from "../../inspect/show.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { counted, fileName } from "../../lib/text.ts";
import { readView, type View } from "../../view/view.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { printLine } from "../output/print.ts";
import { writeAll } from "../output/write.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `contract`. */
export interface ContractOptions extends CommonOptions {
  /** A file of this machine, or what `show` finds. */
  readonly what: string;
  readonly dataset?: string;
}

/** Rows that types are told by. */
const ROWS = 100;

/**
 * Prints a contract to begin with: names and types, as a sample shows them.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE; what is wrong with the file
 */
export async function contract(options: ContractOptions, context: Context): Promise<number> {
  const { name, view } = await lookAt(options, context);
  const tables = view.tables.map((table): SampledTable => {
    const title = table.title === null ? name : stemOf(table.title);
    return { name: title, columns: table.columns };
  });
  if (tables.length === 0 || /^(text|metadata|tar\b.*|empty)$/.test(view.format)) {
    throw new Failure("USAGE", `${options.what} has no columns: it is ${view.format}`);
  }
  printLine(
    context,
    `# Names and types in the first ${counted(ROWS, "row")} of ${fileName(options.what)}:`,
  );
  printLine(
    context,
    "# add what has to hold (required, unique, logicalTypeOptions), and take out what need not.",
  );
  await writeAll(context, yamlText(skeletonOf(name, tables)));
  return exitCodes.done;
}

async function lookAt(
  { what, dataset, config, prefix }: ContractOptions,
  context: Context,
): Promise<{ readonly name: string; readonly view: View }> {
  if (statSync(pathBytes(what), { throwIfNoEntry: false })?.isFile() === true) {
    const mask = await maskOfFile(what, loadConfigIfAny({ config, prefix, env: context.env }));
    return { name: stemOf(what), view: await readView(resolve(what), { rows: ROWS, mask }) };
  }
  const common = {
    ...(config === undefined ? {} : { config }),
    ...(prefix === undefined ? {} : { prefix }),
  };
  const settings = settingsFor(common, context);
  const [shown] = await lookAll(await findWhat(what, settings, dataset), settings, { rows: ROWS });
  if (shown?.view === null || shown === undefined) {
    throw new Failure(
      "USAGE",
      `${what}: ${shown?.problem?.message ?? "nothing can be read of it"}`,
    );
  }
  return { name: stemOf(shown.entry?.raw ?? what), view: shown.view };
}

/** The name of a file without its extensions, and without dates and numbers: `orders`. */
function stemOf(path: string): string {
  const key = seriesKey(fileName(path), []).replace(/(\.[A-Za-z]\w*)+$/, "");
  return key.replaceAll(/\{id\}|#/g, "").replace(/^[\s_.-]+|[\s_.-]+$/g, "") || "table";
}
