import { changeText } from "../../checks/shape/change-text.ts";
import { Failure } from "../../errors.ts";
import { type SeriesReport, seriesReports } from "../../inspect/drift.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { counted } from "../../lib/text.ts";
import { changeStore, openStoreToRead } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";
import type { Settings } from "../../config/settings.ts";
import { type Context, exitCodes, type InspectOptions, nameLake } from "../command.ts";
import { arrayPrinter, drained, printJson, printLine } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `drift`. */
export interface DriftOptions extends InspectOptions {
  /** A raw, or the key of a series. */
  readonly what?: string;
  readonly dataset?: string;
  /** True for series that never changed, too. */
  readonly all?: boolean;
  /** True to forget the series: its next file is compared with nothing. */
  readonly forget?: boolean;
}

/**
 * Prints the shapes that files of a series had, and what changed from one to the next.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function drift(options: DriftOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  if (options.forget === true) return forget(options, settings, context);
  await using store = await openStoreToRead(settings);
  needDataset(options.dataset, await store.queries.datasets());
  await print(store, settings, options, context);
  return exitCodes.done;
}

async function print(
  store: Store,
  settings: Settings,
  options: DriftOptions,
  context: Context,
): Promise<void> {
  const { what, all, json } = options;
  const elements = json === true ? arrayPrinter(context) : undefined;
  let [found, same] = [0, 0];
  for await (const report of seriesReports(store, settings, options)) {
    found += 1;
    const isShown = what !== undefined || all === true || report.versions.length > 1;
    if (elements !== undefined) elements.element(report);
    else if (isShown) printSeries(report, context);
    else same += 1;
    await drained(context);
  }
  if (what !== undefined && found === 0) throw unknownSeries(what);
  elements?.end();
  if (json === true || what !== undefined) return;
  const others = found > same ? "other " : "";
  if (same > 0)
    printLine(context, `${counted(same, `${others}series has`, `${others}series have`)} one shape`);
  if (found === 0) printLine(context, "no series is known yet");
}

function unknownSeries(what: string): Failure {
  const hint = "`drift --all` names the series there are";
  return new Failure("USAGE", `no series is known for ${what}; ${hint}`);
}

function printSeries({ dataset, series, files, versions }: SeriesReport, context: Context): void {
  const shapes = counted(versions.length, "shape");
  printLine(context, `${dataset}  ${series}  ${counted(files, "file")}, ${shapes}`);
  for (const version of versions) {
    const { shape, firstSeen, lastSeen, firstRaw, changes } = version;
    const count = counted(version.files, "file");
    printLine(context, `  ${shape}  ${firstSeen} … ${lastSeen}  ${count}, first ${firstRaw}`);
    for (const change of changes) printLine(context, `    ${changeText(change)}`);
  }
}

async function forget(
  { what, dataset: glob, json }: DriftOptions,
  settings: Settings,
  context: Context,
): Promise<number> {
  if (what === undefined) throw new Failure("USAGE", "--forget needs the series, or a raw of it");
  nameLake(settings, context);
  const forgotten = await changeStore(settings, async (store) => {
    const all: SeriesReport[] = [];
    for await (const report of seriesReports(store, settings, { what, dataset: glob }))
      all.push(report);
    for (const { dataset, series } of all) await store.drift.forgetSeries(dataset, series);
    return all.map(({ dataset, series }) => ({ dataset, series }));
  });
  if (forgotten.length === 0) throw unknownSeries(what);
  if (json === true) printJson(context, forgotten);
  else
    for (const { dataset, series } of forgotten)
      printLine(context, `${dataset}  ${series}  forgotten: its next file is the first`);
  return exitCodes.done;
}
