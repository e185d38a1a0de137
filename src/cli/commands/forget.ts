import type { Forgettable } from "../../store/upkeep-store.ts";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { createSampleDirectory } from "../../samples/sample-directory.ts";
import { Failure } from "../../errors.ts";
import { forget as forgetAll } from "../../sampling/upkeep/forget.ts";
import { outputFailure } from "../../lake/errors.ts";
import { createLake } from "../../lake/lake.ts";
import { isAbsence, isWithin } from "../../lake/roots.ts";
import { bytesText, counted, printable } from "../../lib/text.ts";
import { type Context, exitCodes, type InspectOptions, nameLake } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { unknownRaw } from "../../inspect/unknown-names.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { openStoreToChange, openStoreToRead, takeLock } from "../../store/open.ts";
import type { Queries } from "../../store/queries.ts";
import type { Store } from "../../store/store.ts";
import type { Lock } from "../../store/types.ts";
import { MANIFESTS, SAMPLES } from "../../lake/dataset.ts";

/** Options of `forget`. */
export interface ForgetOptions extends InspectOptions {
  /** A dataset, or a raw. */
  readonly what: string;
  /** The dataset that the raw is in. */
  readonly dataset?: string;
  readonly samples?: boolean;
  readonly dryRun?: boolean;
}

interface Target {
  readonly dataset: string;
  /** Undefined for the whole dataset. */
  readonly raw: string | undefined;
}

/**
 * Forgets a dataset that is gone, or one raw; with `--samples` their samples are removed. Only one
 * process writes samples and receipts: while a daemon runs, only datasets without a directory can
 * be forgotten.
 * @throws Failure USAGE, CONFIG_INVALID, ALREADY_RUNNING, CACHE_UNUSABLE, FILE_MISSING,
 * OUTPUT_FULL, OUTPUT_UNWRITABLE or PATH_REFUSED
 */
export async function forget(options: ForgetOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  nameLake(settings, context);
  const target = await look(settings, ({ queries }) => targetOf(queries, options));
  const isThere = await isOnDisk(settings, target, options.samples);
  const lock = isThere && options.dryRun !== true ? await lockFor(settings, target) : undefined;
  try {
    // Once the lock is ours: until then a daemon may have added to it.
    const known = await look(settings, ({ upkeep }) =>
      upkeep.forgettable(target.dataset, target.raw),
    );
    tell(context, printable(announcement(target, known, options)));
    if (options.dryRun !== true) await forgetNow(settings, target, { options, isThere });
    if (options.json === true) printJson(context, reportOf(target, known, options));
    else
      printLine(
        context,
        printable(`${nameOf(target)}: ${options.dryRun === true ? "would be " : ""}forgotten`),
      );
    return exitCodes.done;
  } finally {
    await lock?.release();
  }
}

/** Finds the target. @throws Failure USAGE where it is not known, or could mean two things */
async function targetOf(queries: Queries, { what, dataset }: ForgetOptions): Promise<Target> {
  const name = what.replace(/\/+$/, "");
  const isDataset = dataset === undefined && (await queries.datasets()).includes(name);
  const entries = await queries.entriesOf(what, dataset);
  const found = entries.map((entry) => entry.dataset);
  if (isDataset && found.length > 0) {
    const cure = `the raw needs --dataset, and is in ${found.join(", ")}`;
    throw new Failure("USAGE", `${what} is a dataset and a raw: ${cure}`);
  }
  if (isDataset) return { dataset: name, raw: undefined };
  if (found.length > 1) {
    const message = `${what} is in ${found.join(", ")}: say which one with --dataset`;
    throw new Failure("USAGE", message);
  }
  if (found[0] === undefined)
    throw new Failure("USAGE", await unknownRaw(queries, { raw: what, dataset }));
  return { dataset: found[0], raw: what };
}

/**
 * True when there is something on disk that has to record the forgetting, or to be removed.
 * @throws Failure FILE_MISSING where the lake is not there; USAGE where the dataset would come back
 * at once, or where its samples are another one's; OUTPUT_UNWRITABLE
 */
async function isOnDisk(
  settings: Settings,
  { dataset, raw }: Target,
  samples = false,
): Promise<boolean> {
  const { prefix } = settings;
  if (!(await isDirectory(prefix)))
    throw new Failure("FILE_MISSING", `${prefix} is missing: is it mounted?`);
  const directory = join(prefix, dataset);
  if (!(await isDirectory(directory))) return false;
  using held = createLake(settings).hold(dataset);
  const { prefix: root } = held.roots;
  const isAlias = isWithin(held.real, root) && held.real !== join(root, dataset);
  const isRead = settings.includes(dataset) && settings.forDataset(dataset).enabled;
  const manifests = join(directory, MANIFESTS);
  if (raw === undefined && isRead && (await isDirectory(manifests))) {
    const what = isAlias
      ? "the link"
      : `${manifests}, or all of ${directory} where it was a mistake`;
    const cure = `remove ${what}, or exclude the dataset (datasets.exclude), then forget it`;
    throw new Failure("USAGE", `${dataset} would come back with the next pass: ${cure}`);
  }
  if (isAlias && samples) {
    const message = `${directory} leads to ${held.real}, whose samples these are: forget it without --samples`;
    throw new Failure("USAGE", message);
  }
  if (isAlias) return false;
  return raw !== undefined || isDirectory(join(directory, SAMPLES));
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw outputFailure(error, path);
  }
}

async function lockFor(settings: Settings, { raw }: Target): Promise<Lock> {
  try {
    return await takeLock(settings);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "ALREADY_RUNNING") throw error;
    const other =
      raw === undefined
        ? "beside it only a dataset without samples/ can be forgotten"
        : "`acknowledge` works beside it, for what failed";
    const hint = `it writes the receipts, which have to say so: stop it for that; ${other}`;
    throw new Failure(error.code, `${error.message}: ${hint}`, { cause: error });
  }
}

async function forgetNow(
  settings: Settings,
  { dataset, raw }: Target,
  { options, isThere }: { readonly options: ForgetOptions; readonly isThere: boolean },
): Promise<void> {
  const store = await openStoreToChange(settings);
  try {
    await forgetAll({
      store: store.upkeep,
      queries: store.queries,
      dataset,
      ...(raw === undefined ? {} : { raw }),
      samples: isThere ? createSampleDirectory(createLake(settings)) : undefined,
      removesSamples: options.samples === true,
      now: Date.now(),
    });
  } finally {
    await store.close();
  }
}

async function look<T>(settings: Settings, work: (store: Store) => Promise<T>): Promise<T> {
  await using store = await openStoreToRead(settings);
  return await work(store);
}

/** The text that is printed before anything is changed. */
function announcement(
  target: Target,
  known: Forgettable,
  { samples, dryRun }: ForgetOptions,
): string {
  const { entries, samples: count, bytes } = known;
  const found = `${counted(entries, "entry", "entries")}, ${counted(count, "sample")} (${bytesText(bytes)})`;
  const verb = dryRun === true ? "would be" : count === 1 ? "is" : "are";
  const fate = samples === true ? `${verb} removed` : "left where they are";
  return `${nameOf(target)}: ${found}${count === 0 ? "" : `, ${fate}`}`;
}

function reportOf({ dataset, raw }: Target, known: Forgettable, options: ForgetOptions): object {
  const { samples: removesSamples = false, dryRun = false } = options;
  return { dryRun, dataset, raw: raw ?? null, ...known, removesSamples };
}

function nameOf({ dataset, raw }: Target): string {
  return raw === undefined ? dataset : `${dataset}  ${raw}`;
}
