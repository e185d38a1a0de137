import { hash } from "node:crypto";
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode, Failure, systemErrorIn } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { entryPath } from "../lake/held-directory.ts";
import { holdState } from "../lake/state-directory.ts";
import type { Job } from "../job.ts";

/** Bytes of a mark: 16 hexadecimal digits. */
const MARK = 16;
const NAME = "in-work";
const BLANK = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const NOTHING = " ".repeat(MARK);

/**
 * Notes what each thread works on, a few bytes each, in a file that outlives a killed process. What
 * a power loss does to it does not matter.
 */
export interface CrashMarks {
  /** A path that leads to the file from each thread of this process, even when its name changes. */
  readonly path: string;
  /** Notes that a thread, counted from 0, has nothing to do. */
  clear(thread: number): void;
  /** Closes the file; later calls do nothing. */
  close(): void;
}

/** The mark of a version of a file. */
export function markOf({ dataset, raw, mtime }: Job): string {
  return hash("sha256", JSON.stringify([dataset, raw, mtime]), "hex").slice(0, MARK);
}

/**
 * Opens the file and clears it. `state` is the directory of the cache.
 * @throws Failure CACHE_UNUSABLE
 */
export function openCrashMarks(state: string, threads: number): CrashMarks {
  let fd: number | undefined = openBlank(state, threads);
  return {
    path: `/proc/self/fd/${fd}`,
    clear(thread) {
      if (fd !== undefined) writeMark(fd, thread, NOTHING);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/**
 * Opens the mark of a thread for the thread itself, which notes what it works on before it begins:
 * afterwards can be too late.
 * @throws errno
 */
export function openMark(path: string, thread: number): (job: Job) => void {
  const fd = openSync(path, "r+");
  return (job) => writeMark(fd, thread, markOf(job));
}

/** The marks that the last process left. @throws errno */
export function lastCrashMarks(state: string): string[] {
  try {
    return readFileSync(join(state, NAME), "latin1").match(/[0-9a-f]{16}/g) ?? [];
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Creates the file at its full size: no mark needs room on the disk later. */
function openBlank(state: string, threads: number): number {
  try {
    using held = holdState(state);
    const fd = openSync(entryPath(held, NAME), BLANK, 0o640);
    writeSync(fd, NOTHING.repeat(threads), 0, "latin1");
    return fd;
  } catch (error) {
    const message = `cannot write ${join(state, NAME)}: ${systemMessage(error)}`;
    throw new Failure("CACHE_UNUSABLE", message, { cause: error });
  }
}

/** Writes a mark. It is a hint: an error of the storage here costs no job. */
function writeMark(fd: number, thread: number, mark: string): void {
  try {
    writeSync(fd, mark, thread * MARK, "latin1");
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
  }
}
