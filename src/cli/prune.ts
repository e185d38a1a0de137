import { matchesGlob } from "node:path";
import { datasetsOf } from "../cache/datasets.ts";
import { holderOf, takeLock } from "../cache/lock.ts";
import { closeCache, type Db, openCacheToChange, openCacheToRead } from "../cache/open.ts";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
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

/**
 * Applies retention now; with `--dry-run` it only says to what. Only one process writes samples and
 * receipts: where a daemon runs, that one applies retention.
 * @throws Failure CONFIG_INVALID, ALREADY_RUNNING, CACHE_UNUSABLE, OUTPUT_FULL, OUTPUT_UNWRITABLE or
 * PATH_REFUSED
 */
export async function prune(options: PruneOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  if (options.dryRun === true) return pruneAll(settings, options, context);
  const holder = holderOf(settings.state);
  if (holder !== undefined) {
    const hint = "it applies retention with every scheduled pass; reload it after a change";
    throw new Failure("ALREADY_RUNNING", `the daemon runs (pid ${holder.pid}): ${hint}`);
  }
  const lock = takeLock(settings.state);
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
  const datasets: (Pruned & { readonly dataset: string })[] = [];
  try {
    for (const dataset of datasetsOf(db).all()) {
      const { retention } = settings.forDataset(dataset);
      const isMeant = options.dataset === undefined || matchesGlob(dataset, options.dataset);
      if (!isMeant || !settings.includes(dataset) || !isLimited(retention)) continue;
      const one = { db, dataset, retention, now: Date.now(), isStopping: () => false };
      const pruned = isDry ? await look(one) : await remove(one, settings);
      datasets.push({ dataset, ...pruned });
    }
  } finally {
    close(db, isDry);
  }
  if (options.json === true) printJson(context, { dryRun: isDry, datasets });
  else print(datasets, isDry, context);
  return exitCodes.done;
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

function close(db: Db, isReadOnly: boolean): void {
  if (isReadOnly) db.close();
  else closeCache(db);
}

function print(
  datasets: readonly (Pruned & { readonly dataset: string })[],
  isDry: boolean,
  context: Context,
): void {
  if (datasets.length === 0) printLine(context, "no dataset has a retention: nothing is removed");
  for (const { dataset, files, bytes } of datasets) {
    const what = isDry ? "would be removed" : "removed";
    printLine(context, printable(`${dataset}: ${files} samples ${what}, ${bytesText(bytes)}`));
  }
}
