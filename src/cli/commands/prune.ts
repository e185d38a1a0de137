import { createLake } from "../../lake/lake.ts";
import { createSampleDirectory } from "../../samples/sample-directory.ts";
import { matchesGlob } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { errorMessage, Failure } from "../../errors.ts";
import { discover } from "../../manifest/discover.ts";
import {
  beyondRetention,
  isLimited,
  prune as pruneDataset,
  type Pruned,
  type RetentionOptions,
} from "../../sampling/upkeep/retention.ts";
import { type Bar, createBar } from "../output/progress-bar.ts";
import { type Context, exitCodes, type InspectOptions, nameLake } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { bytesText, counted } from "../../lib/text.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { openStoreToChange, openStoreToRead, takeLock } from "../../store/open.ts";
import type { Lock } from "../../store/types.ts";

/** Options of `prune`. */
export interface PruneOptions extends InspectOptions {
  readonly dataset?: string;
  readonly dryRun?: boolean;
}

interface PrunedDataset extends Pruned {
  readonly dataset: string;
}

/**
 * Applies retention now; with `--dry-run` it only prints what it would remove. Only one process
 * writes samples and receipts: a running daemon applies retention itself.
 * @throws Failure CONFIG_INVALID, ALREADY_RUNNING, CACHE_UNUSABLE, OUTPUT_FULL, OUTPUT_UNWRITABLE
 * or PATH_REFUSED
 */
export async function prune(options: PruneOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  nameLake(settings, context);
  if (options.dryRun === true) return pruneAll(settings, options, context);
  const lock = await lockFor(settings);
  try {
    return await pruneAll(settings, options, context);
  } finally {
    await lock.release();
  }
}

/**
 * Applies retention before the cache is opened for a run: on a full disk that makes the room to open
 * it. The caller holds the lock.
 * @throws as `prune`
 */
export async function makeRoom(settings: Settings, context: Context): Promise<void> {
  await applyRetention(settings, {}, context);
}

async function pruneAll(
  settings: Settings,
  options: PruneOptions,
  context: Context,
): Promise<number> {
  const isDry = options.dryRun === true;
  const datasets = await applyRetention(settings, options, context);
  for (const { dataset, refusal } of datasets) {
    if (refusal !== undefined) tell(context, `${dataset}: ${refusal.code}: ${refusal.message}`);
  }
  if (options.json === true) printJson(context, { dryRun: isDry, datasets: datasets.map(told) });
  else print(datasets, isDry, context);
  return datasets.some(({ refusal }) => refusal !== undefined) ? exitCodes.failed : exitCodes.done;
}

/** Removes samples beyond retention, or only counts them. */
async function applyRetention(
  settings: Settings,
  options: PruneOptions,
  context: Context,
): Promise<readonly PrunedDataset[]> {
  const isDry = options.dryRun === true;
  const open = isDry ? openStoreToRead : openStoreToChange;
  const store = await open(settings);
  const bar = createBar(context, "samples");
  try {
    const there = await datasetsOf(settings);
    needDataset(options.dataset, there);
    const meant = there
      .filter((dataset) => isMeant(dataset, options))
      .map((dataset): RetentionOptions => {
        const { retention } = settings.forDataset(dataset);
        return {
          store: store.upkeep,
          dataset,
          retention,
          now: Date.now(),
          isStopping: () => false,
        };
      })
      .filter(({ retention }) => isLimited(retention));
    const found = await lookAll(meant);
    return isDry ? found : await removeAll(meant, settings, { bar, total: sumOf(found) });
  } finally {
    bar.end();
    await store.close();
  }
}

async function lockFor(settings: Settings): Promise<Lock> {
  try {
    return await takeLock(settings);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "ALREADY_RUNNING") throw error;
    const hint = "a daemon applies retention with every scheduled pass; reload it after a change";
    throw new Failure(error.code, `${error.message}: ${hint}`, { cause: error });
  }
}

/** The datasets that are there: where the lake is not mounted, nothing is taken for removed. */
async function datasetsOf({
  prefix,
  includes,
  rawDirectories,
}: Settings): Promise<readonly string[]> {
  const { datasets, errors } = await discover(prefix, includes, rawDirectories);
  const [first] = errors;
  if (first === undefined) return datasets;
  const message = `cannot look into ${first.path}: ${errorMessage(first.error)}`;
  throw new Failure("MANIFEST_UNREADABLE", message, { cause: first.error });
}

function isMeant(dataset: string, options: PruneOptions): boolean {
  return options.dataset === undefined || matchesGlob(dataset, options.dataset);
}

/** Counts the samples that would be removed. */
async function lookAll(all: readonly RetentionOptions[]): Promise<PrunedDataset[]> {
  const found: PrunedDataset[] = [];
  for (const one of all) {
    let [files, bytes] = [0, 0];
    for await (const page of beyondRetention(one)) {
      files += page.length;
      bytes += page.reduce((sum, sample) => sum + sample.bytes, 0);
    }
    found.push({ dataset: one.dataset, files, bytes });
  }
  return found;
}

async function removeAll(
  all: readonly RetentionOptions[],
  settings: Settings,
  { bar, total }: { readonly bar: Bar; readonly total: number },
): Promise<PrunedDataset[]> {
  const removed: PrunedDataset[] = [];
  let done = 0;
  const onPruned = (samples: number): void => {
    done += samples;
    bar.update(done, () => total);
  };
  const samples = createSampleDirectory(createLake(settings));
  for (const one of all) {
    const pruned = await pruneDataset({ ...one, samples, onPruned });
    removed.push({ dataset: one.dataset, ...pruned });
  }
  return removed;
}

function sumOf(datasets: readonly PrunedDataset[]): number {
  return datasets.reduce((sum, { files }) => sum + files, 0);
}

function told({ dataset, files, bytes }: PrunedDataset): object {
  return { dataset, files, bytes };
}

function print(datasets: readonly PrunedDataset[], isDry: boolean, context: Context): void {
  if (datasets.length === 0) printLine(context, "no dataset has a retention: nothing is removed");
  for (const { dataset, files, bytes } of datasets) {
    const what = isDry ? "would be removed" : "removed";
    printLine(context, `${dataset}: ${counted(files, "sample")} ${what}, ${bytesText(bytes)}`);
  }
}
