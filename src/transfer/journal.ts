import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { bootIdOf } from "../system/boot-id.ts";
import { isRunning } from "../system/is-running.ts";
import type { Ranges } from "./ranges.ts";

/** Facts of a partial file, for the next process. */
export interface Progress {
  /** The version of the object that its bytes are of; undefined where none is known. */
  readonly version?: string | undefined;
  /**
   * The ranges that were written; undefined of a file that was written from its start on: its length
   * says how far it is.
   */
  readonly done?: Ranges | undefined;
  /** Those of them that were on stable storage. */
  readonly synced?: Ranges | undefined;
}

/** A journal as it is read; by it others see that its process is at work. */
export interface JournalLeft extends Progress {
  /** The location, as it may be shown. */
  readonly of: string;
  /** The time between two starts of a machine in which it was written. */
  readonly boot?: string | undefined;
  /** Undefined where it was handed on. */
  readonly owner?: { readonly pid: number; readonly token: string } | undefined;
}

/** The journal of a partial file, `<part>.json`. */
export interface Journal {
  /**
   * Notes how far it is, in one write of one page: a process that is killed leaves it as it was before
   * or after, and never half of it.
   */
  note(progress: Progress): Promise<void>;
  /** @throws Failure ALREADY_RUNNING where another process took it over */
  checkOwned(): Promise<void>;
  close(): Promise<void>;
  /** Closes and removes it. */
  remove(): Promise<void>;
}

const PAGE_BYTES = 4096;
/** Longest text that is kept, characters. A longer one is known by its hash, or not kept: all has to fit into the page. */
const LONGEST_TEXT = 1000;
/** On another machine a process is taken for dead when it has written nothing for so long, ms. */
const SILENT_MS = 60_000;
/** Another process may be writing what is read. */
const READS = 3;
const READ_AGAIN_MS = 20;

/**
 * Makes the journal of a partial file anew. One that an earlier process holds open still is another
 * file from then on.
 * @throws Failure ALREADY_RUNNING where another process was quicker; errno
 */
export async function createJournal(
  part: string,
  { of, left }: { readonly of: string; readonly left: JournalLeft | undefined },
): Promise<Journal> {
  const path = `${part}.json`;
  const boot = bootIdOf();
  const owner = { pid: process.pid, token: randomUUID() };
  const begun = { of: nameOf(of), boot, owner };
  const file = left === undefined ? await first(part, begun) : await another(part, begun);
  const { ino } = await file.stat();
  return {
    note: (progress) => write(file, { ...begun, ...kept(progress) }),
    async checkOwned() {
      const now = await stat(path).catch(() => undefined);
      if (now?.ino !== ino) throw taken(part, await journalLeft(part));
    },
    close: () => file.close(),
    async remove() {
      await file.close();
      await unlink(path).catch(unlessAbsent);
    },
  };
}

/** The first one, of one process only. */
async function first(part: string, begun: JournalLeft): Promise<FileHandle> {
  try {
    return await written(`${part}.json`, begun);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    const now = await journalLeft(part);
    if (now !== undefined) throw taken(part, now);
    // One that cannot be read is of no use.
    return another(part, begun);
  }
}

/** One in the place of another. */
async function another(part: string, begun: JournalLeft): Promise<FileHandle> {
  const path = `${part}.json.${begun.owner?.token.slice(0, 8)}`;
  const file = await written(path, begun);
  try {
    await rename(path, `${part}.json`);
    return file;
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

async function written(path: string, begun: JournalLeft): Promise<FileHandle> {
  const file = await open(path, "wx", 0o600);
  await write(file, begun);
  return file;
}

async function write(file: FileHandle, left: JournalLeft): Promise<void> {
  const page = Buffer.alloc(PAGE_BYTES, " ");
  page.write(fitting(left));
  await file.write(page, 0, PAGE_BYTES, 0);
}

/** As text that fits into the page: of too many ranges the smallest are not claimed. */
function fitting(left: JournalLeft): string {
  const text = JSON.stringify(left);
  const { done = [], synced = [] } = left;
  if (Buffer.byteLength(text) <= PAGE_BYTES || done.length === 0) return text;
  if (synced.length > 0) return fitting({ ...left, synced: [] });
  const smallest = done.reduce((a, b) => (b.end - b.start < a.end - a.start ? b : a));
  return fitting({ ...left, done: done.filter((range) => range !== smallest) });
}

function unlessAbsent(error: unknown): void {
  if (errorCode(error) !== "ENOENT") throw error;
}

function kept(progress: Progress): Progress {
  const { version = "" } = progress;
  return version.length > LONGEST_TEXT ? {} : progress;
}

/** Text that stands for a location. */
function nameOf(of: string): string {
  return of.length > LONGEST_TEXT ? createHash("sha256").update(of).digest("hex") : of;
}

/** True where a journal is of this location. */
export function isOf(left: JournalLeft, of: string): boolean {
  return left.of === nameOf(of);
}

/** Leavings of an earlier process; undefined where there is nothing of use. @throws Failure OUTPUT_UNWRITABLE */
export async function journalLeft(part: string): Promise<JournalLeft | undefined> {
  const path = `${part}.json`;
  for (let reads = 1; ; reads += 1) {
    try {
      return JSON.parse(await readFile(path, "utf8")) as JournalLeft;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      if (!(error instanceof SyntaxError)) throw outputFailure(error, path);
      // What a dead machine left unreadable is fetched again.
      if (reads === READS) return undefined;
      await sleep(READ_AGAIN_MS);
    }
  }
}

/** Sees that nobody else is at it. @throws Failure ALREADY_RUNNING */
export async function checkFree(left: JournalLeft | undefined, part: string): Promise<void> {
  const pid = left?.owner?.pid;
  if (pid === undefined || pid === process.pid) return;
  const found = await stat(part).catch(() => undefined);
  const isSilent = Date.now() - (found?.mtimeMs ?? 0) > SILENT_MS;
  const isAlive = left?.boot === bootIdOf() ? isRunning(pid) : !isSilent;
  if (isAlive) throw taken(part, left);
}

/** The ranges that can be trusted: after the end of a machine only those that it had synced. */
export function trusted(left: JournalLeft): Ranges | undefined {
  return left.boot === bootIdOf() ? left.done : left.done && (left.synced ?? []);
}

function taken(part: string, by: JournalLeft | undefined): Failure {
  const who = by?.owner === undefined ? "another process" : `process ${by.owner.pid}`;
  return new Failure("ALREADY_RUNNING", `${part} is being written by ${who}`);
}
