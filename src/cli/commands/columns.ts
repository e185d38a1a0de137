import { Failure } from "../../errors.ts";
import { columnsIn, type FoundColumn } from "../../inspect/columns.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { nearest } from "../../lib/nearest.ts";
import { counted } from "../../lib/text.ts";
import { openStoreToRead } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { arrayPrinter, drained, printFields } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `columns`. */
export interface ColumnsOptions extends InspectOptions {
  /** A name or a glob. */
  readonly name?: string;
  readonly dataset?: string;
}

/** Names that are offered for one that no column has. */
const OFFERED = 3;

/**
 * Prints which datasets have a column, by the shapes of their files.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function columns(options: ColumnsOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  await using store = await openStoreToRead(settings);
  needDataset(options.dataset, await store.queries.datasets());
  const elements = options.json === true ? arrayPrinter(context) : undefined;
  let found = 0;
  for await (const column of columnsIn(store, options)) {
    found += 1;
    if (elements !== undefined) elements.element(column);
    else printFields(context, fieldsOf(column));
    await drained(context);
  }
  if (found === 0 && options.name !== undefined) throw await unknown(options.name, options, store);
  elements?.end();
  return exitCodes.done;
}

function fieldsOf(found: FoundColumn): readonly string[] {
  const { dataset, series, column, type, format, files, firstRaw } = found;
  return [dataset, series, column, type, format, counted(files, "file"), firstRaw];
}

async function unknown(
  name: string,
  { dataset }: ColumnsOptions,
  store: Pick<Store, "queries" | "drift">,
): Promise<Failure> {
  const known = new Set<string>();
  for await (const { column } of columnsIn(store, { dataset })) known.add(column.toLowerCase());
  const near = nearest(name.toLowerCase(), known, OFFERED);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(", ")}?`
      : `columns are known of files that were sampled with \`drift.enabled\`; *${name}* matches parts of names`;
  return new Failure("USAGE", `no column is called ${name}; ${hint}`);
}
