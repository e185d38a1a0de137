import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import type { Job } from "../types.ts";

/** Bytes of a mark: 16 hexadecimal digits. */
const MARK = 16;
const NOTHING = " ".repeat(MARK);

/**
 * Tells after the process was killed what it was working on: a few bytes for each thread, in a file
 * that outlives the process. What a power loss does to it does not matter.
 */
export interface InWork {
  /** Says what a thread (counted from 0) works on; undefined for nothing. */
  mark(thread: number, job: Job | undefined): void;
  /** From then on nothing is said any more. */
  close(): void;
}

/** The mark of a version of a file. */
export function markOf({ dataset, raw, mtime }: Job): string {
  const key = JSON.stringify([dataset, raw, mtime]);
  return createHash("sha256").update(key).digest("hex").slice(0, MARK);
}

/**
 * Begins anew, nothing in work. `state` is the directory of the cache.
 * @throws Failure CACHE_UNUSABLE
 */
export function openInWork(state: string, threads: number): InWork {
  let fd: number | undefined = openBlank(pathIn(state), threads);
  return {
    mark(thread, job) {
      if (fd === undefined) return;
      writeSync(fd, job === undefined ? NOTHING : markOf(job), thread * MARK, "latin1");
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** The marks that the last process left. @throws errno */
export function lastInWork(state: string): string[] {
  try {
    return readFileSync(pathIn(state), "latin1").match(/[0-9a-f]{16}/g) ?? [];
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function pathIn(state: string): string {
  return join(state, "in-work");
}

/** Written whole at once: no mark needs room on the disk later. */
function openBlank(path: string, threads: number): number {
  try {
    const fd = openSync(path, "w", 0o640);
    writeSync(fd, NOTHING.repeat(threads), 0, "latin1");
    return fd;
  } catch (error) {
    throw new Failure("CACHE_UNUSABLE", `cannot write ${path}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
