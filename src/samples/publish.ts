import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, Failure, systemErrorIn } from "../errors.ts";
import { growing } from "../lib/growing.ts";
import type { SampleStream, SampleSummary } from "../types.ts";

const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** Pieces of a sample are written together up to this: a call takes longer than to copy them. */
const TOGETHER_BYTES = 16 * 1024;

/** How a temporary file is called that becomes a sample. */
export const temporaryName = /^\.ss-[0-9a-f]{16}\.tmp$/;

/** Temporary names are this process's own, then counted. */
const ours = randomBytes(4).toString("hex");
let counted = 0;
let isSwept = true;

/** A sample that is written but not yet visible. */
export interface Staged {
  readonly summary: SampleSummary;
  /** Bytes written. */
  readonly bytes: number;
  /** Gives the sample its name. */
  commit(): void;
  /** Removes it. */
  discard(): void;
}

/**
 * Writes a sample beside its place, under a temporary name; nothing remains if that fails.
 * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE; what the sampler throws.
 */
export async function stage(target: string, sample: SampleStream): Promise<Staged> {
  const directory = dirname(target);
  counted += 1;
  const temporary = join(directory, `.ss-${ours}${counted.toString(16).padStart(8, "0")}.tmp`);
  const fd = output(target, () => create(temporary, directory));
  const discard = () => remove(temporary);
  try {
    const { summary, bytes } = await writeAndClose(fd, sample, target);
    const commit = () => output(target, () => renameSync(temporary, target));
    return { summary, bytes, commit, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/** A file server may say only when a file is closed that there is no room for it. */
async function writeAndClose(
  fd: number,
  sample: SampleStream,
  target: string,
): Promise<{ summary: SampleSummary; bytes: number }> {
  let isWritten = false;
  try {
    const written = await writeAll(fd, sample, target);
    isWritten = true;
    output(target, () => closeSync(fd));
    return written;
  } finally {
    if (!isWritten) closeAnyway(fd);
  }
}

/** Closes what is to be thrown away; why that is so says more than what goes wrong here. */
function closeAnyway(fd: number): void {
  try {
    closeSync(fd);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
  }
}

/** What cannot be removed now is swept by a later start; why it is to go says more. */
function remove(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
    if (errorCode(error) !== "ENOENT") isSwept = false;
  }
}

/** False once this thread could not remove a temporary file. */
export function leavesNothing(): boolean {
  return isSwept;
}

async function writeAll(
  fd: number,
  sample: SampleStream,
  target: string,
): Promise<{ summary: SampleSummary; bytes: number }> {
  let bytes = 0;
  let held = growing();
  try {
    for (;;) {
      const { value, done } = await sample.next();
      if (done === true || held.length() + value.length > TOGETHER_BYTES) {
        output(target, () => writeWhole(fd, held.bytes()));
        held = growing();
      }
      if (done === true) return { summary: value, bytes };
      if (value.length > TOGETHER_BYTES) output(target, () => writeWhole(fd, value));
      else held.add(value, 0, value.length);
      bytes += value.length;
    }
  } finally {
    await sample.return(undefined as never);
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

function create(path: string, directory: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  try {
    return openSync(path, flags, FILE_MODE);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    return openSync(path, flags, FILE_MODE);
  }
}

/** Does something to our own output; what goes wrong there holds for the whole dataset. */
function output<T>(target: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outputFailure(error, target);
  }
}

const hints: Readonly<Record<string, string>> = {
  EFBIG: "a limit of file sizes: check LimitFSIZE or ulimit -f",
  EIO: "the storage fails",
  EMFILE: "too many open files: check LimitNOFILE or ulimit -n",
  ENFILE: "too many open files on this machine",
  ESTALE: "the file server has another file there now, or lost its export",
};

/** The Failure for an error while writing below `samples/`. */
export function outputFailure(error: unknown, target: string): unknown {
  const errno = errorCode(error);
  if (error instanceof Failure || errno === undefined) return error;
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  const hint = full ? "make room; work goes on with the next pass" : hints[errno];
  const message = `cannot write ${target}: ${errorMessage(error)} (${hint ?? "check owner and mode"})`;
  return new Failure(full ? "OUTPUT_FULL" : "OUTPUT_UNWRITABLE", message, { cause: error });
}
