import type { Settings } from "../config/settings.ts";
import { errorMessage, Failure } from "../errors.ts";
import { discover } from "../manifest/discover.ts";

/** Finds datasets: all, or those of the wanted ones that exist. */
export type FindDatasets = (
  wanted: readonly string[] | undefined,
  /** Called with each path that could not be looked into. */
  onFailed: (path: string, error: Failure) => void,
) => Promise<readonly string[]>;

/**
 * Creates the function. It looks through the lake where all datasets are wanted, or one that was
 * not found before.
 */
export function createFinder({ prefix, includes, rawDirectories }: Settings): FindDatasets {
  let known: ReadonlySet<string> = new Set();

  return async (wanted, onFailed) => {
    if (wanted?.every((dataset) => known.has(dataset)) === true) return wanted;
    const { datasets, errors } = await discover(prefix, includes, rawDirectories);
    for (const { path, error } of errors) {
      onFailed(path, new Failure("MANIFEST_UNREADABLE", errorMessage(error), { cause: error }));
    }
    known = new Set(datasets);
    // A name that is new may be a link to another dataset, which is none of its own.
    return wanted?.filter((dataset) => known.has(dataset)) ?? datasets;
  };
}
