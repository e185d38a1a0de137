import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage, Failure } from "../errors.ts";
import { entriesBelow } from "../lake/entries-below.ts";
import { systemMessage } from "../lake/errors.ts";
import { forEach } from "../lib/for-each.ts";
import { locationBelow, locationOf, redacted } from "../storage/location.ts";
import { hashFile } from "../transfer/hash-file.ts";
import { send } from "../transfer/send.ts";
import type { StagingContext } from "./context.ts";
import type { ManifestOutput } from "./data-manifest.ts";
import { orderOf } from "./names.ts";
import type { FailedFile } from "./run.ts";
import { MOST_NAMES } from "./schemas.ts";

/** A file that was sent. */
export interface SentFile {
  readonly name: string;
  /** The location, as it may be shown. */
  readonly to: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** The outputs of a run: sent, or failed. */
export interface SentOutputs {
  readonly outputs: readonly SentFile[];
  readonly failed_outputs: readonly FailedFile[];
}

/**
 * Sends the files that a command has made. One that fails does not stop the others.
 * @throws the signal's reason
 */
export async function sendOutputs(
  directory: string,
  wanted: readonly ManifestOutput[],
  context: StagingContext,
  signal: AbortSignal,
): Promise<SentOutputs> {
  const outputs: SentFile[] = [];
  const failed: FailedFile[] = [];
  const files: ManifestOutput[] = [];
  for (const output of wanted)
    await orFailed(output, async () => {
      files.push(...(output.isDirectory === true ? await filesIn(directory, output) : [output]));
    });
  await forEach(files, context.settings.transfers, async (file) => {
    const { name, location } = file;
    await orFailed(file, async () => {
      outputs.push({ name, ...(await sent(join(directory, name), location, context, signal)) });
    });
  });
  const inOrder = orderOf([...wanted, ...files]);
  return { outputs: inOrder(outputs), failed_outputs: inOrder(failed) };

  async function orFailed({ name }: ManifestOutput, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      const code = error instanceof Failure ? error.code : "UNEXPECTED";
      failed.push({ name, code, message: errorMessage(error) });
    }
  }
}

/** The files that a command has put into a directory of its run, and links among them: those are refused. */
async function filesIn(run: string, { name, location }: ManifestOutput) {
  const directory = join(run, name);
  const found = await lstat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new Failure(
      "FILE_MISSING",
      "the command has not made it, or it is no directory any more",
    );
  const url = locationOf(location);
  const files: ManifestOutput[] = [];
  for await (const { path } of entriesBelow(directory)) {
    if (files.length === MOST_NAMES)
      throw new Failure("LIMIT_EXCEEDED", `it has more than ${MOST_NAMES} files`);
    files.push({ name: `${name}/${path}`, location: locationBelow(url, path) });
  }
  if (files.length === 0) throw new Failure("FILE_MISSING", "the command has put nothing there");
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function sent(
  path: string,
  location: string,
  { storages, settings }: StagingContext,
  signal: AbortSignal,
): Promise<Omit<SentFile, "name">> {
  const url = locationOf(location);
  const found = await lstat(path).catch((error: unknown) => {
    const message = `the command has not made it: ${systemMessage(error)}`;
    throw new Failure("FILE_MISSING", message, { cause: error });
  });
  // A link could lead to any file of this machine.
  if (!found.isFile()) throw new Failure("FILE_UNREADABLE", `${path}: not a regular file`);
  const { retries, stallMs } = settings;
  const { size: bytes } = found;
  const sha256 = await hashFile(path, signal);
  await send(url, { storages, path, bytes, retries, stallMs, signal });
  const now = await lstat(path);
  if (now.mtimeMs !== found.mtimeMs || now.size !== bytes)
    throw new Failure("FILE_CHANGED", `${path} changed while it was sent`);
  return { to: redacted(url), bytes, sha256 };
}
