import { matchesGlob } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { indexSamples } from "../../inspect/search/index-samples.ts";
import {
  type Found,
  searchable,
  type Searchable,
  searchLake,
} from "../../inspect/search/search.ts";
import type { Searched } from "../../inspect/search/values.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { createViewThreads } from "../../inspect/view-threads.ts";
import { countText, counted } from "../../lib/text.ts";
import { openSearchIndex, openSearchIndexToRead, openStoreToRead } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";
import { readView } from "../../view/view.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { arrayPrinter, drained, printFields, tell } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `search`. */
export interface SearchCommandOptions extends InspectOptions {
  readonly text?: string;
  /** All of them when undefined. */
  readonly in?: Searchable;
  readonly dataset?: string;
  /** Results of each kind. */
  readonly limit: number;
  /** Time in which samples are looked at. */
  readonly seconds: number;
  readonly index?: boolean;
}

/**
 * Prints files, columns and values that have a text; with `--index` it first brings the index of
 * values up to date.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function search(options: SearchCommandOptions, context: Context): Promise<number> {
  const { text, dataset, index: isIndexing } = options;
  const settings = settingsFor(options, context);
  if (text === undefined && isIndexing !== true)
    throw new Failure("USAGE", "search for which text? (`--index` alone makes the index)");
  await using store = await openStoreToRead(settings);
  const all = await store.queries.datasets();
  needDataset(dataset, all);
  const datasets = all.filter((name) => dataset === undefined || matchesGlob(name, dataset));
  if (isIndexing === true) await bringUpToDate(settings, store, datasets, context);
  if (text !== undefined)
    await printFound({ ...options, text, datasets }, settings, store, context);
  return exitCodes.done;
}

async function printFound(
  options: SearchCommandOptions & { readonly text: string; readonly datasets: readonly string[] },
  settings: Settings,
  store: Store,
  context: Context,
): Promise<void> {
  const { text, datasets, limit, seconds, json } = options;
  const index = openSearchIndexToRead(settings.state);
  const elements = json === true ? arrayPrinter(context) : undefined;
  const end = performance.now() + seconds * 1000;
  const within = options.in === undefined ? searchable : [options.in];
  const isOver = () => performance.now() > end;
  try {
    const search = { settings, store, index, text, datasets, within, limit, isOver };
    let results = 0;
    const searched = await searchLake({ ...search, view: readView }, async (found) => {
      results += 1;
      if (elements === undefined) printFields(context, fieldsOf(found));
      else elements.element(found);
      await drained(context);
    });
    elements?.end();
    tellOf(searched, { text, results, seconds }, context);
  } finally {
    await index?.close();
  }
}

function fieldsOf(found: Found): readonly string[] {
  const { kind, dataset } = found;
  if (found.kind === "file") return [kind, dataset, found.raw];
  if (found.kind === "column") {
    const { column, type, format, series, files, firstRaw } = found;
    return [kind, dataset, series, column, type, format, counted(files, "file"), firstRaw];
  }
  const { raw, table, column, row, value, values } = found;
  const place = table === null ? column : `${table}: ${column}`;
  const more = values === 1 ? [] : [counted(values, "value")];
  return [kind, dataset, raw, place, `row ${countText(row)}`, value, ...more];
}

function tellOf(
  { looked, failed, isComplete }: Searched,
  {
    text,
    results,
    seconds,
  }: { readonly text: string; readonly results: number; readonly seconds: number },
  context: Context,
): void {
  const say = (message: string) => tell(context, `staging-sampler: ${message}`);
  if (results === 0 && isComplete) say(`nothing has ${text}`);
  if (failed > 0) say(`${counted(failed, "sample")} could not be looked at`);
  if (!isComplete)
    say(
      `${counted(looked, "sample")} without an index looked at in ${seconds} s, and there are more: --seconds N, or \`search --index\` for all of them`,
    );
}

async function bringUpToDate(
  settings: Settings,
  store: Store,
  datasets: readonly string[],
  context: Context,
): Promise<void> {
  const index = openSearchIndex(settings.state);
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  try {
    const added = await indexSamples({
      settings,
      queries: store.queries,
      index,
      datasets,
      signal: stop.signal,
      view: createViewThreads(),
      onAdded: (samples) => {
        if (context.err.isTTY) context.err.write(`\rindex: ${countText(samples)} samples`);
      },
    });
    if (context.err.isTTY && added > 0) context.err.write("\n");
    const [all, failed] = [await index.count(), await index.failures(datasets)];
    const not = failed === 0 ? "" : `; ${countText(failed)} of them could not be looked at`;
    tell(
      context,
      `staging-sampler: ${counted(added, "sample")} added to the index, ${countText(all)} in all${not}`,
    );
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
    await index.close();
  }
}
