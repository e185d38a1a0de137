import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { createLatest, type Latest } from "../../lib/latest.ts";
import type { Progress } from "../../staging/context.ts";
import { type Json, resolveParams } from "../../staging/params.ts";
import { keepRun, removeRun, type RunDirectory } from "../../staging/run-directory.ts";
import { type RunResult, stageRun } from "../../staging/run.ts";
import type { Stager } from "../../staging/stager.ts";
import type { RunRow } from "../../store/staging-store.ts";
import { type Executed, executed, toolOf } from "./execute.ts";
import { entriesForOthers } from "./for-others.ts";

/** A run to stage. */
export interface NewRun {
  readonly params: Json;
  readonly manifest: unknown;
  readonly strict: boolean;
}

/** Progress of files, by name: those that are being staged. */
export type RunProgress = ReadonlyMap<string, Progress>;

/** A run that is being staged. */
export interface LiveRun {
  readonly progress: Latest<RunProgress>;
  /** Settles once it is staged, failed or was cancelled; never with an error. */
  readonly ended: Promise<void>;
  cancel(): void;
}

/** Runs over HTTP: begun by a request, and remembered by staging's store. */
export interface Service {
  /** Stages, resolves, runs the tool, cleans up. @throws Failure USAGE, BUSY, … */
  execute(run: NewRun & { readonly tool: string; readonly signal: AbortSignal }): Promise<Executed>;
  /** Says what `execute` would resolve parameters to, and does nothing. @throws Failure */
  resolve(run: NewRun): RunResult;
  /** Begins to stage a run; it stays until it is removed, or its time is over. @throws Failure */
  begin(run: NewRun & { readonly ttlMs: number | undefined }): Promise<RunRow>;
  find(id: string): Promise<RunRow | undefined>;
  list(): Promise<readonly RunRow[]>;
  live(id: string): LiveRun | undefined;
  /** Cancels what is under way and removes the run; false where there is none. */
  remove(id: string): Promise<boolean>;
  /** Numbers of runs that are being staged or run. */
  atWork(): number;
  /** Cancels everything; what `begin` began is removed. */
  close(): Promise<void>;
}

/** Runs that are staged or run at once. */
const MOST_AT_WORK = 64;
/** Runs that are there at once. */
const MOST_RUNS = 1000;

/** Makes the service; `onError` is told of errors that nobody is answered with. */
export function createService(stager: Stager, onError: (error: unknown) => void): Service {
  const { context } = stager;
  const { settings, store } = context;
  const live = new Map<string, LiveRun>();
  const closing = new AbortController();
  let atWork = 0;

  async function working<T>(work: () => Promise<T>): Promise<T> {
    if (atWork >= MOST_AT_WORK)
      throw new Failure("BUSY", `${atWork} runs are being staged: that is as many as there may be`);
    atWork += 1;
    try {
      return await work();
    } finally {
      atWork -= 1;
    }
  }

  /** Stages a run in the background, from the moment on that it has its directory. */
  function background(newRun: NewRun, ttlMs: number | undefined): Promise<RunRow> {
    const { promise: begun, resolve, reject } = Promise.withResolvers<RunRow>();
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, closing.signal]);
    const files = new Map<string, Progress>();
    const progress = createLatest<RunProgress>(files);
    let id: string | undefined;
    const onBegun = async (run: RunDirectory) => {
      id = run.id;
      live.set(id, { progress, ended, cancel: () => abort.abort() });
      if (ttlMs !== undefined) await store.runs.update(id, { expiresAt: Date.now() + ttlMs });
      resolve((await store.runs.find(id)) as RunRow);
    };
    const ended = working(async () => {
      const run = await stageRun(
        {
          ...optionsOf(newRun, signal),
          name: "run",
          onBegun: (run) => void onBegun(run).catch(reject),
          onProgress: (name, now) => progress.set(files.set(name, now)),
        },
        stager,
      );
      if (run.result.status !== "failed") await keepRun(run, context);
      else await store.runs.update(run.id, { owner: undefined });
    })
      .catch(async (error: unknown) => {
        reject(error);
        if (signal.aborted) return;
        const row = await begun.catch(() => undefined);
        if (row === undefined) return;
        onError(error);
        await store.runs.add(failedRun(row, newRun, error));
      })
      .catch(onError)
      .finally(() => {
        if (id !== undefined) live.delete(id);
        progress.end();
      });
    return begun;
  }

  return {
    async execute({ tool, signal, ...newRun }) {
      const found = toolOf(tool, settings);
      return await working(async () => {
        const either = AbortSignal.any([signal, closing.signal]);
        const run = await stageRun({ ...optionsOf(newRun, either), name: "gfl" }, stager);
        try {
          if (run.result.status === "failed") return run.result;
          return await executed(run, found, either);
        } finally {
          await removeRun(run, context);
        }
      });
    },
    resolve({ params, manifest }) {
      const directory = join(settings.runs, "gfl-00000000");
      const names = entriesForOthers(manifest, settings).map(({ name }) => name);
      const paths = new Map(names.map((name) => [name, join(directory, name)]));
      return {
        status: "success",
        run_id: "run-00000000",
        run_dir: directory,
        staged_files: [],
        failed_files: [],
        plugin_params: resolveParams(params, paths),
        files: [],
      };
    },
    async begin({ ttlMs, ...newRun }) {
      const { length } = await store.runs.list();
      if (length >= MOST_RUNS)
        throw new Failure("BUSY", `there are ${length} runs: remove some, or wait for their time`);
      return await background(newRun, ttlMs);
    },
    find: (id) => store.runs.find(id),
    list: () => store.runs.list(),
    live: (id) => live.get(id),
    async remove(id) {
      const underWay = live.get(id);
      underWay?.cancel();
      await underWay?.ended;
      const run = await store.runs.find(id);
      if (run === undefined) return underWay !== undefined;
      await removeRun(run, context);
      return true;
    },
    atWork: () => atWork,
    async close() {
      const all = [...live.values()];
      closing.abort();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };

  function optionsOf({ params, manifest, strict }: NewRun, signal: AbortSignal) {
    return { params, entries: entriesForOthers(manifest, settings), strict, signal };
  }
}

/** A run that has ended in an error is there, so that who began it finds out why. */
function failedRun(row: RunRow, { params }: NewRun, error: unknown): RunRow {
  const code = error instanceof Failure ? error.code : "UNEXPECTED";
  const message = error instanceof Failure ? error.message : "the service's log says why";
  const nothing = { staged_files: [], failed_files: [], files: [], plugin_params: params };
  const { id: run_id, directory: run_dir } = row;
  const result = { status: "failed", run_id, run_dir, ...nothing, error: { code, message } };
  return { ...row, state: "failed", owner: undefined, result };
}
