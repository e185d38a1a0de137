import { matchesGlob } from "node:path";
import { type Lock, takeLock } from "../cache/lock.ts";
import { closeCache, type Db, openCacheToChange, openCacheToRead } from "../cache/open.ts";
import type { Settings } from "../config/settings.ts";
import { errorMessage, Failure } from "../errors.ts";
import { discover } from "../manifest/discover.ts";
import { findPlace } from "../jobs/place.ts";
import { realEffects } from "../effects.ts";
import {
  beyondRetention,
  isLimited,
  prune as pruneDataset,
  type Pruned,
  type RetentionOptions,
} from "../retention.ts";
import { type Context, exitCodes, type InspectOptions, settingsFor } from "./command.ts";
import { bytesText, printable, printJson, printLine } from "./print.ts";

/** Options of `prune`. */
export interface PruneOptions extends InspectOptions {
  readonly dataset?: string;
  readonly dryRun?: boolean;
}

interface PrunedDataset extends Pruned {
  readonly dataset: string;
}

/**
 * Applies retention now; with `--dry-run` it only says to what. Only one process writes samples and
 * receipts: where a daemon runs, that one applies retention.
 * @throws Failure CONFIG_INVALID, ALREADY_RUNNING, CACHE_UNUSABLE, OUTPUT_FULL, OUTPUT_UNWRITABLE or
 * PATH_REFUSED
 */
export async function prune(options: PruneOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  if (options.dryRun === true) return pruneAll(settings, options, context);
  const lock = lockFor(settings.state);
  try {
    return await pruneAll(settings, options, context);
  } finally {
    lock.release();
  }
}

async function pruneAll(
  settings: Settings,
  options: PruneOptions,
  context: Context,
): Promise<number> {
  const isDry = options.dryRun === true;
  const db = isDry ? openCacheToRead(settings.state) : openCacheToChange(settings.state);
  const datasets: PrunedDataset[] = [];
  try {
    for (const dataset of await datasetsOf(settings)) {
      const { retention } = settings.forDataset(dataset);
      const isMeant = options.dataset === undefined || matchesGlob(dataset, options.dataset);
      if (!isMeant || !isLimited(retention)) continue;
      const one = { db, dataset, retention, now: Date.now(), isStopping: () => false };
      const pruned = isDry ? await look(one) : await remove(one, settings);
      datasets.push({ dataset, ...pruned });
    }
  } finally {
    close(db, isDry);
  }
  for (const { dataset, refusal } of datasets) {
    if (refusal !== undefined)
      context.err.write(`${printable(`${dataset}: ${refusal.code}: ${refusal.message}`)}\n`);
  }
  if (options.json === true) printJson(context, { dryRun: isDry, datasets: datasets.map(told) });
  else print(datasets, isDry, context);
  return datasets.some(({ refusal }) => refusal !== undefined) ? exitCodes.failed : exitCodes.done;
}

function lockFor(state: string): Lock {
  try {
    return takeLock(state);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "ALREADY_RUNNING") throw error;
    const hint = "a daemon applies retention with every scheduled pass; reload it after a change";
    throw new Failure(error.code, `${error.message}: ${hint}`, { cause: error });
  }
}

/** Those that are there: where the lake is not mounted, nothing is taken for removed. */
async function datasetsOf({ prefix, includes }: Settings): Promise<readonly string[]> {
  const { datasets, errors } = await discover(prefix, includes);
  const [first] = errors;
  if (first === undefined) return datasets;
  const message = `cannot look into ${first.path}: ${errorMessage(first.error)}`;
  throw new Failure("MANIFEST_UNREADABLE", message, { cause: first.error });
}

async function look(one: RetentionOptions): Promise<Pruned> {
  let [files, bytes] = [0, 0];
  for await (const page of beyondRetention(one)) {
    files += page.length;
    bytes += page.reduce((sum, sample) => sum + sample.bytes, 0);
  }
  return { files, bytes };
}

async function remove(one: RetentionOptions, settings: Settings): Promise<Pruned> {
  await findPlace(settings, one.dataset);
  return pruneDataset({ ...one, ...realEffects(settings) });
}

function told({ dataset, files, bytes }: PrunedDataset): object {
  return { dataset, files, bytes };
}

function close(db: Db, isReadOnly: boolean): void {
  if (isReadOnly) db.close();
  else closeCache(db);
}

function print(datasets: readonly PrunedDataset[], isDry: boolean, context: Context): void {
  if (datasets.length === 0) printLine(context, "no dataset has a retention: nothing is removed");
  for (const { dataset, files, bytes } of datasets) {
    const what = isDry ? "would be removed" : "removed";
    printLine(context, printable(`${dataset}: ${files} samples ${what}, ${bytesText(bytes)}`));
  }
}
