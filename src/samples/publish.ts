import { randomBytes } from "node:crypto";
import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import type { SampleStream, SampleSummary } from "../types.ts";

const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** How a temporary file is called that becomes a sample. */
export const temporaryName = /^\.ss-[0-9a-f]{16}\.tmp$/;

/** Temporary names are this process's own, then counted. */
const ours = randomBytes(4).toString("hex");
let counted = 0;

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
  const discard = () => rmSync(temporary, { force: true });
  try {
    const { summary, bytes } = await writeAll(fd, sample, target);
    const commit = () => output(target, () => renameSync(temporary, target));
    return { summary, bytes, commit, discard };
  } catch (error) {
    discard();
    throw error;
  } finally {
    closeSync(fd);
  }
}

async function writeAll(
  fd: number,
  sample: SampleStream,
  target: string,
): Promise<{ summary: SampleSummary; bytes: number }> {
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await sample.next();
      if (done === true) return { summary: value, bytes };
      output(target, () => writeWhole(fd, value));
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

/** The Failure for an error while writing below `samples/`. */
export function outputFailure(error: unknown, target: string): unknown {
  const errno = errorCode(error);
  if (error instanceof Failure || errno === undefined) return error;
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  const hint = full ? "make room; work goes on with the next pass" : "check owner and mode";
  const message = `cannot write ${target}: ${errorMessage(error)} (${hint})`;
  return new Failure(full ? "OUTPUT_FULL" : "OUTPUT_UNWRITABLE", message, { cause: error });
}
