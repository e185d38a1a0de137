import { closeSync, openSync, readlinkSync } from "node:fs";
import { errorCode, Failure, systemErrorIn } from "../errors.ts";
import { pathBytes, pathText } from "../lib/pep383.ts";
import { O_PATH, systemCalls } from "../system/system-calls.ts";
import type { HeldDirectory } from "./held-directory.ts";
import { isWithin } from "./roots.ts";

/** The directories that a file may lie in. */
export interface FileRoots {
  /** Real paths of the directories it may be in. */
  readonly roots: readonly string[];
  /** Set when a further root could not be looked up: the reason. */
  readonly unknownRoot?: string | undefined;
}

/** A file that is found and held, but not open; and the way to let it go. */
export interface FoundFile {
  readonly fd: number;
  readonly close: (fd: number) => void;
}

/** Holds a file to which no link leads; undefined where a link may, which has to be judged. */
export function findPlain(directory: HeldDirectory, path: string): FoundFile | undefined {
  if (!path.isWellFormed()) return undefined;
  const { open, close } = systemCalls();
  try {
    return { fd: open({ directory: directory.fd, path }, O_PATH, 0), close };
  } catch (error) {
    if (/^(ELOOP|EXDEV|ENOTDIR)$/.test(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** Holds what a path leads to, links followed, where that lies within the roots. */
export function findWithin(path: string, roots: FileRoots): FoundFile {
  const found = { fd: openSync(pathBytes(path), O_PATH), close: closeSync };
  try {
    checkRoots(path, placeOf(found), roots);
    return found;
  } catch (error) {
    closeRead(found);
    throw error;
  }
}

/** The same for a file that is `real` as well, and so is not reached through a link. */
export function findUnlinked(path: string, real: string, roots: FileRoots): FoundFile {
  const found = findWithin(path, roots);
  if (placeOf(found) === real) return found;
  closeRead(found);
  throw new Failure("FILE_MISSING", `${path} is not there any more`);
}

function placeOf({ fd }: FoundFile): string {
  return pathText(readlinkSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }));
}

/**
 * Checks the path `real` that a link led to. The file is held, so it cannot be exchanged after
 * this.
 */
function checkRoots(path: string, real: string, { roots, unknownRoot }: FileRoots): void {
  if (roots.some((root) => isWithin(real, root))) return;
  if (unknownRoot !== undefined) throw new Failure("FILE_UNREADABLE", unknownRoot);
  throw refused(path, "outside the prefix and allowedRoots");
}

/**
 * Closes a file that was only read: errors of the system do not matter, since what was read stays
 * good.
 */
export function closeRead({ fd, close }: FoundFile): void {
  try {
    close(fd);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
  }
}

/** The failure for a path that is not to be read. */
export function refused(path: string, why: string): Failure {
  return new Failure("PATH_REFUSED", `${path}: ${why}`);
}
