import { opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../errors.ts";
import { outputFailure, temporaryName } from "./publish.ts";

/**
 * Removes the temporary files that a crash left below a dataset's samples; returns how many.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export async function sweep(samples: string): Promise<number> {
  let removed = 0;
  try {
    for await (const entry of await opendir(samples, { recursive: true })) {
      if (!entry.isFile() || !temporaryName.test(entry.name)) continue;
      await rm(join(entry.parentPath, entry.name), { force: true });
      removed += 1;
    }
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw outputFailure(error, samples);
  }
  return removed;
}
