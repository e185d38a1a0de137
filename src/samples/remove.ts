import { accessSync, constants } from "node:fs";
import { errorCode } from "../errors.ts";
import { nameFailure, outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory, removeEntry, statEntry } from "../lake/held-directory.ts";
import { checkInPlace, findPlace } from "./directory.ts";
import { previousName } from "./previous.ts";

/**
 * Removes a sample and the previous one of it, if it is there and was written at `after` or later (ms since epoch). `name` is
 * below `samples`.
 * @throws Failure PATH_REFUSED or OUTPUT_UNWRITABLE
 */
export function removeSample(samples: HeldDirectory, name: string, after = 0): void {
  using place = findPlace(samples, name);
  if (place === undefined) return;
  const { folder, file } = place;
  try {
    if (!isThere(folder, file, after)) return;
    checkInPlace(folder);
    removeEntry(folder, file);
    if (isThere(folder, previousName(file), 0)) removeEntry(folder, previousName(file));
  } catch (error) {
    throw nameFailure(error, `${folder.path}/${file}`);
  }
}

/**
 * Checks that a sample could be removed: its directory is there, where it should be, and can be
 * written to.
 * @throws Failure PATH_REFUSED or OUTPUT_UNWRITABLE
 */
export function checkRemovable(samples: HeldDirectory, name: string): void {
  using place = findPlace(samples, name);
  const folder = place?.folder ?? samples;
  try {
    checkInPlace(folder);
    accessSync(entryPath(folder), constants.W_OK);
  } catch (error) {
    throw outputFailure(error, folder.path);
  }
}

/**
 * True when there is a sample to remove. A directory is none, and under a name that is too long
 * nothing was ever published.
 */
function isThere(folder: HeldDirectory, file: string, after: number): boolean {
  try {
    const found = statEntry(folder, file);
    return found?.isDirectory() === false && found.mtimeMs >= after;
  } catch (error) {
    if (errorCode(error) === "ENAMETOOLONG") return false;
    throw error;
  }
}
