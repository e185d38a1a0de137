import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join as joinPath } from "node:path";
import { errorMessage, Failure } from "../errors.ts";
import { writing } from "../lake/errors.ts";
import { forEach } from "../lib/for-each.ts";
import type { Progress } from "./context.ts";
import type { ManifestEntry, ManifestOutput } from "./data-manifest.ts";
import { expand } from "./expand.ts";
import { CHECKSUM_LIST, orderOf, OWN_DIRECTORY } from "./names.ts";
import { checkParams, type Json, resolveParams } from "./params.ts";
import { createPlaceStored } from "./place.ts";
import { makeRunDirectory, removeRun, type RunDirectory } from "./run-directory.ts";
import { type RunFile, stageEntry } from "./stage-entry.ts";
import type { Stager } from "./stager.ts";

/** Options of `stageRun`. */
export interface RunOptions {
  /** First part of the directory's name. */
  readonly name: string;
  readonly params: Json;
  readonly entries: readonly ManifestEntry[];
  /** Files that the run's command is to make: their directories are there, their names resolved. */
  readonly outputs?: readonly ManifestOutput[];
  /** True: a file that fails, fails the run. */
  readonly strict: boolean;
  /** The run's directory, absolute; one of its own by default. */
  readonly directory?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (name: string, progress: Progress) => void;
  /** Told once the run has its directory. */
  readonly onBegun?: (run: RunDirectory) => void;
}

/** A file that could not be staged. */
export interface FailedFile {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** The result of a run, as programs read it: fields are only ever added. */
export interface RunResult {
  readonly status: "success" | "partial" | "failed";
  readonly run_id: string;
  readonly run_dir: string;
  readonly staged_files: readonly string[];
  readonly failed_files: readonly FailedFile[];
  readonly plugin_params: Json;
  readonly files: readonly RunFile[];
}

/** A run whose files are there. */
export interface Run extends RunDirectory {
  readonly result: RunResult;
}

/** Files of a run that are worked on at once; transfers have a limit of their own. */
const AT_ONCE = 32;

/**
 * Stages the files of a run: a directory with all that could be had, and the parameters with names
 * resolved to paths. A file that fails stops neither the others nor the run, but one that is required:
 * the result is `failed` then. The run stays until it is removed, or its process ends.
 * @throws Failure where no run can be made at all; the signal's reason, and then nothing is left
 */
export async function stageRun(options: RunOptions, stager: Stager): Promise<Run> {
  const { context } = stager;
  const { name, directory: at } = options;
  checkParams(options.params);
  const run = await makeRunDirectory({ name, at }, context);
  options.onBegun?.(run);
  try {
    const result = await staged(run, options, stager);
    const state = result.status === "failed" ? "failed" : "running";
    await context.store.runs.update(run.id, { state, result });
    return { ...run, result };
  } catch (error) {
    await removeRun(run, context);
    throw error;
  }
}

async function staged(
  { id, directory }: RunDirectory,
  { params, entries, outputs = [], strict, signal, onProgress }: RunOptions,
  stager: Stager,
): Promise<RunResult> {
  const files: RunFile[] = [];
  const failed: FailedFile[] = [];
  const placeStored = createPlaceStored();
  const makeOnce = remembered(makeDirectory);
  let mustFail = false;
  const { files: wanted, unlisted } = await expand(entries, stager.context, signal);
  for (const { entry, error } of unlisted) fail(entry, error);
  await forEach(wanted.entries(), AT_ONCE, async ([n, entry]) => {
    const { name } = entry;
    try {
      const to = joinPath(directory, name);
      await makeOnce(dirname(to));
      const part = joinPath(directory, OWN_DIRECTORY, `${n}.part`);
      const told = (progress: Progress) => onProgress?.(name, progress);
      const file = await stageEntry(entry, stager, {
        to,
        part,
        placeStored,
        signal,
        onProgress: told,
      });
      if (strict && !file.verified) throw await unverified(file);
      files.push(file);
    } catch (error) {
      signal.throwIfAborted();
      fail(entry, error);
    }
  });
  const inOrder = orderOf([...entries, ...wanted]);
  for (const { name, isDirectory = false } of outputs)
    await makeDirectory(joinPath(directory, isDirectory ? name : dirname(name)));
  const whole = entries.filter((entry) => entry.isDirectory === true && isWhole(entry));
  const paths = new Map(
    [...outputs, ...whole].map(({ name }) => [name, joinPath(directory, name)]),
  );
  for (const { name, path } of files) paths.set(name, path);
  await hold(id, files, stager);
  await writeList(directory, inOrder(files));
  return {
    status: mustFail ? "failed" : failed.length > 0 ? "partial" : "success",
    run_id: id,
    run_dir: directory,
    staged_files: inOrder(files).map(({ name }) => name),
    failed_files: inOrder(failed),
    plugin_params: resolveParams(params, paths),
    files: inOrder(files),
  };

  function fail({ name, required = false }: ManifestEntry, error: unknown): void {
    const code = error instanceof Failure ? error.code : "UNEXPECTED";
    failed.push({ name, code, message: errorMessage(error) });
    mustFail ||= strict || required;
  }

  function isWhole({ name: of }: ManifestEntry): boolean {
    return !failed.some(({ name }) => name === of || name.startsWith(`${of}/`));
  }
}

async function unverified({ path }: RunFile): Promise<Failure> {
  await rm(path, { force: true });
  return new Failure("UNVERIFIED", "neither its SHA-256 nor its size is known");
}

/** The same, but once for each path. */
function remembered(make: (path: string) => Promise<void>): (path: string) => Promise<void> {
  const made = new Map<string, Promise<void>>();
  return (path) => {
    const found = made.get(path) ?? make(path);
    made.set(path, found);
    return found;
  };
}

async function makeDirectory(path: string): Promise<void> {
  await writing(path, () => mkdir(path, { recursive: true, mode: 0o750 }));
}

async function hold(id: string, files: readonly RunFile[], { context }: Stager): Promise<void> {
  const stored = files.filter(({ from }) => from !== "local").map(({ sha256 }) => sha256);
  await context.store.runs.hold(id, stored);
}

/** Writes the hashes in the form that `sha256sum -c` reads. */
async function writeList(directory: string, files: readonly RunFile[]): Promise<void> {
  const lines = files.map(({ name, sha256 }) =>
    // A backslash in a name is escaped, and the line says so by one before the hash.
    name.includes("\\")
      ? `\\${sha256}  ${name.replaceAll("\\", "\\\\")}\n`
      : `${sha256}  ${name}\n`,
  );
  const path = joinPath(directory, CHECKSUM_LIST);
  await writing(path, () => writeFile(path, lines.join(""), { mode: 0o440 }));
}
