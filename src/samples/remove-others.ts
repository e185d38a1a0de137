import { opendir } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory, holdBeneath, removeEntry } from "../lake/held-directory.ts";
import { checkInPlace } from "./directory.ts";
import { isReceipts, isSamplePath } from "./path.ts";
import { temporaryName } from "./temporary-name.ts";

/**
 * Removes the samples and temporary files below a directory, but those that are kept; returns how
 * many. Links are not followed, but removed. What is not named as we name things stays.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export async function removeOthers(
  folder: HeldDirectory,
  isKept: (name: string) => Promise<boolean>,
  above = "",
): Promise<number> {
  let removed = 0;
  try {
    for await (const entry of await opendir(entryPath(folder))) {
      const name = above + entry.name;
      if (entry.isDirectory()) removed += await removeBelow(folder, entry.name, isKept, name);
      else if (isOurs(entry.name) && !(await isKept(name))) {
        checkInPlace(folder);
        removeEntry(folder, entry.name);
        removed += 1;
      }
    }
  } catch (error) {
    throw outputFailure(error, folder.path);
  }
  return removed;
}

/** The same below a directory. One that is gone again, or became a link, has nothing of ours. */
async function removeBelow(
  parent: HeldDirectory,
  entry: string,
  isKept: (name: string) => Promise<boolean>,
  name: string,
): Promise<number> {
  try {
    using folder = holdBeneath(parent, entry);
    return await removeOthers(folder, isKept, `${name}/`);
  } catch (error) {
    if (/^(ENOENT|ENOTDIR|ELOOP)$/.test(errorCode(error) ?? "")) return 0;
    throw error;
  }
}

/** True for the names of samples and temporary files. */
function isOurs(name: string): boolean {
  return temporaryName.test(name) || (isSamplePath(name) && !isReceipts(name));
}
