import { opendir } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import {
  entryPath,
  type HeldDirectory,
  holdBeneath,
  removeEntry,
  statEntry,
} from "../lake/held-directory.ts";
import { isRemote } from "../lake/remote.ts";
import { isOfNeighbour, isOfThisHost, temporaryName } from "./temporary-name.ts";

/** Age from which a file of another host counts as abandoned, ms. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Removes the temporary files that a crash left below a dataset's samples; returns how many. Links
 * are not followed. Those of another process that runs on this host stay, and on a shared file system
 * young ones of other hosts: they may be in work.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export async function removeTemporaryFiles(
  samples: HeldDirectory,
  isShared = isRemote(entryPath(samples)),
): Promise<number> {
  let removed = 0;
  try {
    for await (const entry of await opendir(entryPath(samples))) {
      if (entry.isDirectory()) removed += await sweepBelow(samples, entry.name, isShared);
      if (!entry.isFile() || !temporaryName.test(entry.name)) continue;
      if (isOfNeighbour(entry.name)) continue;
      if (isShared && mayBeInWork(samples, entry.name)) continue;
      removeEntry(samples, entry.name);
      removed += 1;
    }
  } catch (error) {
    throw outputFailure(error, samples.path);
  }
  return removed;
}

/** Cleans up below a directory. One that is gone again, or became a link, has nothing of ours. */
async function sweepBelow(parent: HeldDirectory, name: string, isShared: boolean): Promise<number> {
  try {
    using folder = holdBeneath(parent, name);
    return await removeTemporaryFiles(folder, isShared);
  } catch (error) {
    if (/^(ENOENT|ENOTDIR|ELOOP)$/.test(errorCode(error) ?? "")) return 0;
    throw error;
  }
}

function mayBeInWork(samples: HeldDirectory, name: string): boolean {
  if (isOfThisHost(name)) return false;
  const found = statEntry(samples, name);
  return found !== undefined && found.mtimeMs > Date.now() - ABANDONED_MS;
}
