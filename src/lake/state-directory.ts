import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Failure } from "../errors.ts";
import { type HeldDirectory, holdDirectory, realPath } from "./held-directory.ts";
import { isDatasetFolder } from "./roots.ts";

/**
 * Holds the directory of the cache, wherever links lead to, as long as that is in no dataset.
 * @throws errno; Failure CONFIG_INVALID
 */
export function holdState(state: string): HeldDirectory {
  const held = holdDirectory(state);
  try {
    const real = realPath(held);
    const folder = datasetFolderOf(real);
    if (folder === undefined) return held;
    const message = `state: ${state} leads to ${real}, in a dataset's ${folder}; put it outside of all datasets`;
    throw new Failure("CONFIG_INVALID", message);
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

/** Which folder of a dataset a real path lies in: one beside which manifests are. */
function datasetFolderOf(real: string): string | undefined {
  for (let path = real; path !== "/"; path = dirname(path)) {
    const isInDataset = existsSync(`${dirname(path)}/manifests/processed.jsonl`);
    if (isDatasetFolder(basename(path)) && isInDataset) return basename(path);
  }
  return undefined;
}
