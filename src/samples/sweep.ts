import { opendir } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory, holdBeneath, removeEntry } from "../lake/held-directory.ts";
import { temporaryName } from "./temporary-name.ts";

/**
 * Removes the temporary files that a crash left below a dataset's samples; returns how many. Links
 * are not followed.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export async function sweep(samples: HeldDirectory): Promise<number> {
  let removed = 0;
  try {
    for await (const entry of await opendir(entryPath(samples))) {
      if (entry.isDirectory()) removed += await sweepBelow(samples, entry.name);
      if (!entry.isFile() || !temporaryName.test(entry.name)) continue;
      removeEntry(samples, entry.name);
      removed += 1;
    }
  } catch (error) {
    throw outputFailure(error, samples.path);
  }
  return removed;
}

/** A directory that is gone again, or became a link, has nothing of ours. */
async function sweepBelow(parent: HeldDirectory, name: string): Promise<number> {
  try {
    using folder = holdBeneath(parent, name);
    return await sweep(folder);
  } catch (error) {
    if (/^(ENOENT|ENOTDIR|ELOOP)$/.test(errorCode(error) ?? "")) return 0;
    throw error;
  }
}
