import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../errors.ts";

/** Removes a directory and all in it, also where its owner may not write there. @throws errno */
export async function removeTree(directory: string): Promise<void> {
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
    // Tools leave directories that are read-only, and nobody empties those.
    await open(directory);
    await remove();
  }
}

/** Lets the owner into each directory; links are not followed. */
async function open(directory: string): Promise<void> {
  try {
    // A command may have put a link there: what it leads to is not ours.
    if (!(await lstat(directory)).isDirectory()) return;
    await chmod(directory, 0o700);
    for (const entry of await readdir(directory, { withFileTypes: true }))
      if (entry.isDirectory()) await open(join(directory, entry.name));
  } catch (error) {
    // The try before goes on with what it could remove.
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
