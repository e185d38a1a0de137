import { accessSync, constants, lstatSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../errors.ts";
import { outputFailure } from "../samples/publish.ts";
import { checkFolder } from "./place.ts";

/**
 * Removes a sample, if it is there and was written at `after` or later (ms since epoch). `name` is
 * below the dataset's `samples/`.
 * @throws Failure PATH_REFUSED or OUTPUT_UNWRITABLE
 */
export function removeSample(directory: string, name: string, after = 0): void {
  checkFolder(directory, name);
  const path = join(directory, "samples", name);
  try {
    if (isThere(path, after)) unlinkSync(path);
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/**
 * Looks whether a sample could be removed: its directory is there, where it should be, and can be
 * written.
 * @throws Failure PATH_REFUSED or OUTPUT_UNWRITABLE
 */
export function checkRemovable(directory: string, name: string): void {
  checkFolder(directory, name);
  const folder = dirname(join(directory, "samples", name));
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw outputFailure(error, folder);
  }
}

/** A directory is none of ours, and under such names nothing was ever published. */
function isThere(path: string, after: number): boolean {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() === false && found.mtimeMs >= after;
  } catch (error) {
    if (errorCode(error) === "ENAMETOOLONG" || errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}
