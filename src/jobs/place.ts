import { realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Settings } from "../config/settings.ts";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { outputFailure } from "../samples/publish.ts";
import type { Job } from "../types.ts";

/** Where a dataset lies; looked up once for each handle, when it is whole. */
export interface Place {
  readonly directory: string;
  /** False while a directory that bronze files may be in is missing, such as a late mount. */
  readonly isWhole: boolean;
  /** Real paths of the directories bronze files may be in. */
  readonly roots: readonly string[];
  /** Set when one of them could not be looked up: why. A path outside of the others may be in it. */
  readonly unknownRoot?: string;
}

/** Looks up where a dataset lies. @throws Failure OUTPUT_UNWRITABLE */
export async function findPlace(settings: Settings, dataset: string): Promise<Place> {
  const directory = join(settings.prefix, dataset);
  const roots = [settings.prefix, directory, ...settings.allowedRoots];
  const errors: unknown[] = [];
  const real = await Promise.all(
    roots.map((root) =>
      realpath(root).catch((error: unknown) => void (isAbsence(error) || errors.push(error))),
    ),
  );
  const found = real.filter((root) => root !== undefined);
  const [error] = errors;
  const unknown = error === undefined ? {} : { unknownRoot: errorMessage(error) };
  const place = { directory, roots: found, isWhole: found.length === roots.length, ...unknown };
  await checkSamples(join(directory, "samples"), place);
  return place;
}

/**
 * Samples may be on another disk, but not where a link leads out of all allowed roots, to what
 * production writes, or among another dataset's samples.
 */
async function checkSamples(samples: string, { roots, unknownRoot }: Place): Promise<void> {
  const real = await realUnlessAbsent(samples);
  const dataset = await realUnlessAbsent(dirname(samples));
  if (real === undefined || dataset === undefined) return;
  const why = whyNotForSamples(real, dataset, roots);
  if (why === "outside") {
    const reason = unknownRoot ?? "leads outside the prefix and allowedRoots";
    throw new Failure("OUTPUT_UNWRITABLE", `${samples}: ${reason}`);
  }
  if (why === "others'") {
    throw new Failure("OUTPUT_UNWRITABLE", `${samples}: leads to ${real}, where others write`);
  }
}

/** Why samples of a dataset may not be in a directory; undefined where they may. All paths are real. */
export function whyNotForSamples(
  real: string,
  dataset: string,
  roots: readonly string[],
): "outside" | "others'" | undefined {
  if (real === join(dataset, "samples")) return undefined;
  if (!roots.some((root) => real.startsWith(`${root}/`))) return "outside";
  const [prefix = ""] = roots;
  const folders = [partsBelow(dataset, real)[0], partsBelow(prefix, real)[3]];
  const isTheirs = (folder = "") => /^(bronze|raw|manifests|samples)$/.test(folder);
  return folders.some(isTheirs) ? "others'" : undefined;
}

function partsBelow(directory: string, path: string): readonly string[] {
  return path.startsWith(`${directory}/`) ? relative(directory, path).split("/") : [];
}

/**
 * A manifests directory is refused where a link leads out of all allowed roots: what it holds would
 * show in receipts and log.
 * @throws Failure MANIFEST_UNREADABLE
 */
export async function checkManifests({ directory, roots }: Place): Promise<void> {
  const manifests = join(directory, "manifests");
  const real = await realUnlessAbsent(manifests);
  if (real === undefined || roots.some((root) => real.startsWith(`${root}/`))) return;
  const message = `${manifests} leads outside the prefix and allowedRoots`;
  throw new Failure("MANIFEST_UNREADABLE", message);
}

async function realUnlessAbsent(path: string): Promise<string | undefined> {
  return realpath(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw outputFailure(error, path);
  });
}

/**
 * A directory of the mirror layout must not be a link that leads out of samples.
 * @throws Failure PATH_REFUSED; OUTPUT_UNWRITABLE when that cannot be seen
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
    if (isAbsence(error)) return undefined;
    throw outputFailure(error, path);
  }
}

/** Why the whole bronze directory cannot be had, and not just this file; undefined when it can. */
export async function whyNoBronze(settings: Settings, job: Job): Promise<string | undefined> {
  if (!job.bronze.startsWith("bronze/")) return undefined;
  const directory = join(settings.prefix, job.dataset, "bronze");
  try {
    await stat(directory);
    return undefined;
  } catch (error) {
    return isAbsence(error) ? `${directory} is missing: is it mounted?` : errorMessage(error);
  }
}

function isAbsence(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
}
