import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { type Json, resolveParams } from "../../staging/params.ts";
import { removeRun } from "../../staging/run-directory.ts";
import { type RunResult, stageRun } from "../../staging/run.ts";
import type { Stager } from "../../staging/stager.ts";
import type { RunRow } from "../../store/staging-store.ts";
import { beginRun, type LiveRun } from "./background.ts";
import { type Executed, executed, toolOf } from "./execute.ts";
import { entriesForOthers } from "./for-others.ts";

/** A run to stage. */
export interface NewRun {
  readonly params: Json;
  readonly manifest: unknown;
  readonly strict: boolean;
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
  const atWork = new Set<Promise<unknown>>();

  async function working<T>(work: () => Promise<T>): Promise<T> {
    const { size } = atWork;
    if (size >= MOST_AT_WORK)
      throw new Failure("BUSY", `${size} runs are being staged: that is as many as there may be`);
    const working = work();
    atWork.add(working);
    try {
      return await working;
    } finally {
      atWork.delete(working);
    }
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
      const entries = entriesForOthers(newRun.manifest, settings);
      const { promise, resolve, reject } = Promise.withResolvers<RunRow>();
      // It is at work until it has ended; the answer comes when it has begun.
      working(async () => {
        const context = { stager, live, closing: closing.signal, onError };
        const { begun, ended } = beginRun({ ...newRun, entries, ttlMs }, context);
        begun.then(resolve, reject);
        await ended;
      }).catch(reject);
      return await promise;
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
    atWork: () => atWork.size,
    async close() {
      closing.abort(new Failure("CANCELLED", "the service is stopping"));
      // Tools have to end, too, and their runs to go; errors went to the client that asked.
      await Promise.allSettled(atWork);
    },
  };

  function optionsOf({ params, manifest, strict }: NewRun, signal: AbortSignal) {
    return { params, entries: entriesForOthers(manifest, settings), strict, signal };
  }
}
