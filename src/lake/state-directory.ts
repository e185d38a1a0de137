import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Failure } from "../errors.ts";
import { entryPath, type HeldDirectory, holdDirectory, realPath } from "./held-directory.ts";
import { isUnfitForDatabases } from "./remote.ts";
import { isDatasetFolder } from "./roots.ts";

/**
 * Holds the directory of the cache, links followed, as long as it is outside of all datasets and
 * not on a network file system.
 * @throws errno; Failure CONFIG_INVALID
 */
export function holdState(state: string): HeldDirectory {
  const held = holdDirectory(state);
  try {
    if (isUnfitForDatabases(statfsSync(entryPath(held)).type)) {
      const message = `state: ${state} is on a network file system, where SQLite's locks do not hold; choose a directory on a local disk`;
      throw new Failure("CONFIG_INVALID", message);
    }
    checkPlace(held, `state: ${state}`);
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** The same; makes the directory where it is missing, mode 0750. @throws errno; Failure CONFIG_INVALID */
export function makeState(state: string): HeldDirectory {
  mkdirSync(state, { recursive: true, mode: 0o750 });
  return holdState(state);
}

/**
 * Makes a directory of ours where it is missing, mode 0750, and sees that it lies in no dataset,
 * wherever links lead; `what` names its setting.
 * @throws errno; Failure CONFIG_INVALID
 */
export function makeOwnDirectory(path: string, what: string): void {
  mkdirSync(path, { recursive: true, mode: 0o750 });
  using held = holdDirectory(path);
  checkPlace(held, `${what}: ${path}`);
}

/** @throws Failure CONFIG_INVALID for a directory in a dataset */
function checkPlace(held: HeldDirectory, what: string): void {
  const real = realPath(held);
  const folder = datasetFolderOf(real);
  if (folder === undefined) return;
  const message = `${what} leads to ${real}, in a dataset's ${folder}; put it outside of all datasets`;
  throw new Failure("CONFIG_INVALID", message);
}

/**
 * The dataset's folder that a real path lies in: one beside which manifests are; undefined where
 * there is none.
 */
function datasetFolderOf(real: string): string | undefined {
  for (let path = real; path !== "/"; path = dirname(path)) {
    const isInDataset = existsSync(`${dirname(path)}/manifests/processed.jsonl`);
    if (isDatasetFolder(basename(path)) && isInDataset) return basename(path);
  }
  return undefined;
}
