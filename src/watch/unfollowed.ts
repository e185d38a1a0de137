import { lstat, stat } from "node:fs/promises";

/**
 * True where a directory stands whose events do not come: another one was followed under its path,
 * or none. A link may lead to another place than before. What cannot be looked at is not followed
 * either; the pass that comes of it says why.
 */
export async function isUnfollowed(path: string, isFollowed: boolean): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return !isFollowed;
    return found.isSymbolicLink() && (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
