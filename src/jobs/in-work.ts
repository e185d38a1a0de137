import { hash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode, errorMessage, Failure, systemErrorIn } from "../errors.ts";
import type { Job } from "../types.ts";

/** Bytes of a mark: 16 hexadecimal digits. */
const MARK = 16;
const NOTHING = " ".repeat(MARK);

/**
 * Tells after the process was killed what it was working on: a few bytes for each thread, in a file
 * that outlives the process. What a power loss does to it does not matter.
 */
export interface InWork {
  readonly path: string;
  /** Says that a thread, counted from 0, has nothing to do. */
  clear(thread: number): void;
  /** From then on nothing is said any more. */
  close(): void;
}

/** The mark of a version of a file. */
export function markOf({ dataset, raw, mtime }: Job): string {
  return hash("sha256", JSON.stringify([dataset, raw, mtime]), "hex").slice(0, MARK);
}

/**
 * Begins anew, nothing in work. `state` is the directory of the cache.
 * @throws Failure CACHE_UNUSABLE
 */
export function openInWork(state: string, threads: number): InWork {
  const path = pathIn(state);
  let fd: number | undefined = openBlank(path, threads);
  return {
    path,
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
 * For a thread itself, which says what it works on before it begins: afterwards can be too late.
 * @throws errno
 */
export function openMark(path: string, thread: number): (job: Job) => void {
  const fd = openSync(path, "r+");
  return (job) => writeMark(fd, thread, markOf(job));
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

/** It is a hint: what the storage refuses here costs no job. */
function writeMark(fd: number, thread: number, mark: string): void {
  try {
    writeSync(fd, Buffer.from(mark, "latin1"), 0, MARK, thread * MARK);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
  }
}
