import { basename } from "node:path";
import { errorMessage, Failure, systemErrorIn } from "../errors.ts";
import { type LocalFile, openLocalFile } from "../lake/local-file.ts";
import { startDeadline } from "../lib/deadline.ts";
import { HEAD_BYTES } from "../lib/source.ts";
import { defaultLimits } from "./take-sample.ts";

/** The name of a file that is shown, and where it has to be. */
export interface FileOptions {
  /** The name that decides the format besides the content, where the file's own name does not. */
  readonly name?: string;
  /** Real paths of the directories the file has to be in; any where none are given. */
  readonly roots?: readonly string[];
}

/** Opens a file for some work, which has to end in time. @throws Failure */
export async function withFile<T>(
  path: string,
  { name = basename(path), roots = ["/"] }: FileOptions,
  work: (source: LocalFile, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(defaultLimits.seconds, new AbortController().signal);
  const { signal } = deadline;
  const memory = Buffer.allocUnsafe(HEAD_BYTES);
  const { readBytes } = defaultLimits;
  try {
    const source = openLocalFile(path, { roots, name, readBytes, signal, memory });
    try {
      return await work(source, signal);
    } finally {
      source.close();
    }
  } catch (error) {
    throw failureOf(error);
  } finally {
    deadline.stop();
  }
}

/** Gives each error a code. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = systemErrorIn(error) === undefined ? "UNEXPECTED" : "FILE_UNREADABLE";
  return new Failure(code, errorMessage(error), { cause: error });
}
