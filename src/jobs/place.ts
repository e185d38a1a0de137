import { realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { errorCode, Failure } from "../errors.ts";
import type { Job } from "../types.ts";

/** Where a dataset lies; looked up once for each handle, when it is whole. */
export interface Place {
  readonly directory: string;
  /** False while a directory that bronze files may be in is missing, such as a late mount. */
  readonly isWhole: boolean;
  /** Real paths of the directories bronze files may be in. */
  readonly roots: readonly string[];
}

/** Looks up where a dataset lies. @throws Failure OUTPUT_UNWRITABLE */
export async function findPlace(settings: Settings, dataset: string): Promise<Place> {
  const directory = join(settings.prefix, dataset);
  const roots = [settings.prefix, directory, ...settings.allowedRoots];
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  const found = real.filter((root) => root !== undefined);
  await checkSamples(join(directory, "samples"), found);
  return { directory, roots: found, isWhole: found.length === roots.length };
}

/** Samples may be on another disk, but not where a link leads out of all allowed roots. */
async function checkSamples(samples: string, roots: readonly string[]): Promise<void> {
  const real = await realpath(samples).catch(() => undefined);
  if (real === undefined || roots.some((root) => real.startsWith(`${root}/`))) return;
  throw new Failure("OUTPUT_UNWRITABLE", `${samples} leads outside the prefix and allowedRoots`);
}

/**
 * A directory of the mirror layout must not be a link that leads out of samples.
 * @throws Failure PATH_REFUSED
 */
export function checkFolder(directory: string, name: string): void {
  if (!name.includes("/")) return;
  const samples = realOf(join(directory, "samples"));
  for (let path = dirname(name); path !== "."; path = dirname(path)) {
    const real = realOf(join(directory, "samples", path));
    if (real === undefined || samples === undefined || real.startsWith(`${samples}/`)) continue;
    throw new Failure("PATH_REFUSED", `samples/${path} leads outside of samples`);
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** True when the whole bronze directory is missing, not just this file. */
export async function isBronzeGone(settings: Settings, job: Job): Promise<boolean> {
  if (!job.bronze.startsWith("bronze/")) return false;
  const found = await stat(join(settings.prefix, job.dataset, "bronze")).catch(() => undefined);
  return found === undefined;
}
