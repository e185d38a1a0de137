import { closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import { constants as system } from "node:os";
import type koffi from "koffi";

const require = createRequire(import.meta.url);

/** Linux: `LOCK_EX | LOCK_NB`. See flock(2). */
const AT_ONCE = 2 | 4;

/** A lock that the system takes back when its process dies. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Locks a directory itself, which cannot be removed without everything in it. Returns "taken" where
 * another process has the lock, undefined where the system or the file system has no such locks.
 * @throws errno
 */
export function lockDirectory(path: string): DirectoryLock | "taken" | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const errno = flock(fd);
  if (errno === 0) return { release: () => closeSync(fd) };
  closeSync(fd);
  return errno === system.errno.EWOULDBLOCK ? "taken" : undefined;
}

/** Returns 0, or the errno. */
function flock(fd: number): number {
  try {
    const { errno, load } = require("koffi") as typeof koffi;
    const call = load(null).func("int flock(int, int)");
    return call(fd, AT_ONCE) === 0 ? 0 : errno();
  } catch {
    // The C library cannot be called here.
    return system.errno.ENOSYS;
  }
}
