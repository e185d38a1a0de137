import { lstatSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../errors.ts";
import { outputFailure } from "../samples/publish.ts";
import { checkFolder } from "./place.ts";

/**
 * Removes a sample, if it is there. `name` is below the dataset's `samples/`.
 * @throws Failure PATH_REFUSED or OUTPUT_UNWRITABLE
 */
export function removeSample(directory: string, name: string): void {
  checkFolder(directory, name);
  const path = join(directory, "samples", name);
  try {
    if (isThere(path)) unlinkSync(path);
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/** A directory is none of ours, and under such names nothing was ever published. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
  } catch (error) {
    if (errorCode(error) === "ENAMETOOLONG" || errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}
