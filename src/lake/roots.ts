import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { Settings } from "../config/settings.ts";
import { errorCode, errorMessage } from "../errors.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { PRODUCTION, SAMPLES } from "./dataset.ts";

/** Real paths of the directories that may hold parts of a lake. */
export interface Roots {
  readonly prefix: string;
  readonly all: readonly string[];
  /** False while one of them is missing, such as a late mount. */
  readonly isWhole: boolean;
  /**
   * Set when one of them could not be looked up: the reason. A path outside of the others may be in
   * it.
   */
  readonly unknown?: string;
}

/** Looks up the prefix and the allowed roots. Never throws for what is on disk. */
export function findRoots({ prefix, allowedRoots }: Settings): Roots {
  const errors: unknown[] = [];
  const directories = allowedRoots.filter((root) => !isUrl(root));
  const [real, ...allowed] = [prefix, ...directories].map((root) => realOf(root, errors));
  const all = [real, ...allowed].filter((root) => root !== undefined);
  const [error] = errors;
  return {
    prefix: real ?? prefix,
    all,
    isWhole: all.length === directories.length + 1,
    ...(error === undefined ? {} : { unknown: errorMessage(error) }),
  };
}

/** True when a path lies below a directory; both are real. */
export function isWithin(path: string, root: string): boolean {
  return path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

/** The reason why samples of a dataset may not be in a directory; undefined where they may. All paths are real. */
export function whyNotForSamples(
  real: string,
  dataset: string,
  { prefix, all }: Roots,
): "outside" | "others'" | undefined {
  if (real === join(dataset, SAMPLES)) return undefined;
  if (![...all, dataset].some((root) => isWithin(real, root))) return "outside";
  const folders = [partsBelow(dataset, real)[0], partsBelow(prefix, real)[3]];
  return folders.some(isDatasetFolder) ? "others'" : undefined;
}

const folders: ReadonlySet<string> = new Set([...PRODUCTION, SAMPLES]);

/**
 * True when a directory of a dataset has a purpose there, so that nothing else may be put into it.
 */
export function isDatasetFolder(name = ""): boolean {
  return folders.has(name);
}

/** The parts of a path below a directory; none where it is not below it. */
export function partsBelow(directory: string, path: string): readonly string[] {
  return isWithin(path, directory) ? relative(directory, path).split("/") : [];
}

/** True when an error says that there is nothing there. */
export function isAbsence(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
}

function realOf(path: string, errors: unknown[]): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (!isAbsence(error)) errors.push(error);
    return undefined;
  }
}
