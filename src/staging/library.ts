/** Staging for programs: the entry `staging-sampler/staging` of the package. */
import { loadStaging } from "../config/load.ts";
import { Failure } from "../errors.ts";
import type { StagingEvent } from "./context.ts";
import { entriesOf } from "./data-manifest.ts";
import type { StagedFile, Wait } from "./file.ts";
import { openFile, type OpenFile, type OpenMode } from "./open-file.ts";
import type { Json } from "./params.ts";
import { removeRun } from "./run-directory.ts";
import { type Run, stageRun } from "./run.ts";
import { type FileOptions, openStager } from "./stager.ts";

export { Failure, type FailureCode } from "../errors.ts";
export type { Progress, Source, Staged, StagingEvent } from "./context.ts";
export type { FileProgress, StagedFile, Wait } from "./file.ts";
export type { FileState } from "./lifecycle.ts";
export type { OpenFile, OpenMode } from "./open-file.ts";
export type { Json } from "./params.ts";
export type { FailedFile, Run, RunResult } from "./run.ts";
export type { RunFile } from "./stage-entry.ts";

/** Options of `createStager`. */
export interface StagerOptions {
  /** The configuration file; by default as the command line finds it. */
  readonly config?: string;
  /** Told of what happens; locations are without their secrets. */
  readonly onEvent?: (event: StagingEvent) => void;
}

/** Options of `Stager.open`. */
export interface OpenOptions extends FileOptions, Wait {
  /** By the file's size, unless it is named. */
  readonly mode?: OpenMode;
  /** False: only what is staged already, or lies on this machine, is opened. */
  readonly stage?: boolean;
}

/** Options of `Stager.run` and `Stager.stageFiles`. */
export interface StagerRunOptions {
  readonly params?: Json;
  /** A data manifest: name → location, or what is known of it. */
  readonly manifest: unknown;
  /** True: a file that fails, or cannot be verified, fails the run. */
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
}

/** Staging on this machine. Any number of processes share its store. */
export interface Stager {
  /** Begins to stage a file. @throws Failure USAGE */
  stage(location: string, options?: FileOptions): StagedFile;
  /** Begins to stage files, a few at once. @throws Failure USAGE */
  stageAll(locations: readonly string[]): readonly StagedFile[];
  /** Opens a file and stages it where that has not been done; reading waits for it. @throws Failure */
  open(location: string, options?: OpenOptions): Promise<OpenFile>;
  /**
   * Stages a run, does work on it, and removes it, however the work ends.
   * @throws Failure where a required file fails; what the work throws
   */
  run<T>(options: StagerRunOptions, work: (run: Run) => Promise<T>): Promise<T>;
  /** Stages a run that stays until `cleanUp`, or until this process ends. @throws Failure as `run` */
  stageFiles(
    params: Json,
    manifest: unknown,
  ): Promise<Run & { readonly params: Json; cleanUp(): Promise<void> }>;
  /** Closes it; what is under way is left for the next one to go on with. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens staging. @throws Failure CONFIG_INVALID, CACHE_UNUSABLE, OUTPUT_UNWRITABLE */
export async function createStager({ config, onEvent }: StagerOptions = {}): Promise<Stager> {
  const settings = loadStaging({ config, env: process.env });
  const stager = await openStager(settings, onEvent === undefined ? {} : { onEvent });
  const { context } = stager;

  async function begun({ params = {}, manifest, strict = false, signal }: StagerRunOptions) {
    const run = await stageRun(
      {
        name: "run",
        params,
        entries: entriesOf(manifest),
        strict,
        signal: signal ?? new AbortController().signal,
      },
      stager,
    );
    if (run.result.status !== "failed") return run;
    await removeRun(run, context);
    const [first] = run.result.failed_files;
    const code = (first?.code ?? "UNEXPECTED") as Failure["code"];
    throw new Failure(code, `${first?.name}: ${first?.message}`);
  }

  function stage(location: string, options: FileOptions = {}): StagedFile {
    const file = stager.file(location, options);
    file.stage();
    return file;
  }

  return {
    stage,
    stageAll: (locations) => locations.map((location) => stage(location)),
    async open(location, { mode, stage: mayStage = true, signal, timeoutMs, ...options } = {}) {
      const file = mayStage ? stage(location, options) : await stager.stored(location, options);
      return openFile(file, mode, { signal, timeoutMs });
    },
    async run(options, work) {
      const run = await begun(options);
      try {
        return await work(run);
      } finally {
        await removeRun(run, context);
      }
    },
    async stageFiles(params, manifest) {
      const run = await begun({ params, manifest });
      const cleanUp = async () => void (await removeRun(run, context));
      return { ...run, params: run.result.plugin_params, cleanUp };
    },
    close: stager.close,
    [Symbol.asyncDispose]: stager.close,
  };
}
