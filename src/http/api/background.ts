import { Failure } from "../../errors.ts";
import { createLatest, type Latest } from "../../lib/latest.ts";
import type { Progress } from "../../staging/context.ts";
import type { ManifestEntry } from "../../staging/data-manifest.ts";
import type { Json } from "../../staging/params.ts";
import { keepRun, type RunDirectory } from "../../staging/run-directory.ts";
import { stageRun } from "../../staging/run.ts";
import type { Stager } from "../../staging/stager.ts";
import type { RunRow } from "../../store/staging-store.ts";

/** Progress of the files of a run, by name. */
export type RunProgress = ReadonlyMap<string, Progress>;

/** A run that is being staged. */
export interface LiveRun {
  readonly progress: Latest<RunProgress>;
  /** Settles once it is staged, failed or was cancelled; never with an error. */
  readonly ended: Promise<void>;
  cancel(): void;
}

/** A run to stage in the background. */
export interface BackgroundRun {
  readonly params: Json;
  readonly entries: readonly ManifestEntry[];
  readonly strict: boolean;
  /** Time that it stays, ms; undefined for the configuration's. */
  readonly ttlMs: number | undefined;
}

/** The service's own things that a background run uses. */
export interface BackgroundContext {
  readonly stager: Stager;
  /** Runs that are being staged, by id. */
  readonly live: Map<string, LiveRun>;
  /** Aborted when the service ends. */
  readonly closing: AbortSignal;
  /** Called with errors that nobody is answered with. */
  readonly onError: (error: unknown) => void;
}

/** Begins to stage a run: `begun` once it has its directory, or could not get one. */
export function beginRun(
  run: BackgroundRun,
  { stager, live, closing, onError }: BackgroundContext,
): { readonly begun: Promise<RunRow>; readonly ended: Promise<void> } {
  const { runs } = stager.context.store;
  const { promise: begun, resolve, reject } = Promise.withResolvers<RunRow>();
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, closing]);
  const files = new Map<string, Progress>();
  const progress = createLatest<RunProgress>(files);
  let id: string | undefined;

  const ended = staged()
    .catch(failed)
    .catch(onError)
    .finally(() => {
      if (id !== undefined) live.delete(id);
      progress.end();
    });
  return { begun, ended };

  async function staged(): Promise<void> {
    const { params, entries, strict } = run;
    const done = await stageRun(
      {
        name: "run",
        params,
        entries,
        strict,
        signal,
        onBegun: (directory) => void hasBegun(directory).catch(reject),
        onProgress: (name, now) => progress.set(files.set(name, now)),
      },
      stager,
    );
    await keepRun(done, stager.context, done.result.status === "failed" ? "failed" : "ready");
  }

  async function hasBegun(directory: RunDirectory): Promise<void> {
    id = directory.id;
    live.set(id, { progress, ended, cancel: () => abort.abort() });
    if (run.ttlMs !== undefined) await runs.update(id, { expiresAt: Date.now() + run.ttlMs });
    resolve((await runs.find(id)) as RunRow);
  }

  /** A run that has ended in an error is there, so that who began it finds out why. */
  async function failed(error: unknown): Promise<void> {
    reject(error);
    if (signal.aborted) return;
    const row = await begun.catch(() => undefined);
    if (row === undefined) return;
    onError(error);
    await runs.add(failedRun(row, run, error));
  }
}

function failedRun(row: RunRow, { params }: BackgroundRun, error: unknown): RunRow {
  const code = error instanceof Failure ? error.code : "UNEXPECTED";
  const message = error instanceof Failure ? error.message : "the service's log says why";
  const nothing = { staged_files: [], failed_files: [], files: [], plugin_params: params };
  const { id: run_id, directory: run_dir } = row;
  const result = { status: "failed", run_id, run_dir, ...nothing, error: { code, message } };
  return { ...row, state: "failed", result };
}
