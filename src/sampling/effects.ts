import type { Settings } from "../config/settings.ts";
import type { JobRunner, RunJob } from "../job.ts";
import { createLake, type Lake } from "../lake/lake.ts";
import { masksAny } from "../masking/masks.ts";
import { neutralMessage } from "../masking/neutral.ts";
import { createSampleDirectory, type SampleDirectory } from "../samples/sample-directory.ts";
import { openCrashMarks } from "../workers/crash-marks.ts";
import { createWorkerPool, type WorkerPool } from "../workers/pool.ts";
import type { Quarantine } from "../workers/quarantine.ts";

/** The effects of a pass, besides those on the store. */
export interface Effects {
  readonly runner: JobRunner;
  readonly samples: SampleDirectory;
}

/** Options of `effectsInThreads`. */
export interface ThreadOptions {
  readonly threads: number;
  readonly guard: Quarantine["guard"];
  /** As `Turns` has them; absent where this host is alone. */
  readonly deadlines?: SharedArrayBuffer | undefined;
}

/**
 * Creates effects whose jobs run in threads, which have to be closed.
 * @throws Failure CACHE_UNUSABLE
 */
export function effectsInThreads(
  settings: Settings,
  { threads, guard, deadlines }: ThreadOptions,
): Effects & Pick<WorkerPool, "close" | "replaced"> {
  const crashMarks = openCrashMarks(settings.state, threads);
  const drain = { ...settings.drain, threads };
  const pool = createWorkerPool({ ...settings, drain }, { crashMarks, deadlines });
  const lake = createLake(settings);
  return {
    runner: {
      run: withLinks(lake, unquoting(settings, guard(pool.run))),
      release: pool.release,
      wasClean: pool.wasClean,
      takeEnded: pool.takeEnded,
    },
    samples: createSampleDirectory(lake),
    replaced: pool.replaced,
    close: () => pool.close().finally(crashMarks.close),
  };
}

/**
 * Gives each job the directory that links led to when its dataset was first held: a thread has not
 * seen that.
 */
export function withLinks(lake: Lake, run: RunJob): RunJob {
  return (job, signal) => run({ ...job, linkedTo: lake.linkedTo(job.dataset) }, signal);
}

/** Leaves out of failures what could quote a file whose dataset is masked, also where a thread died. */
export function unquoting(settings: Settings, run: RunJob): RunJob {
  const { forDataset } = settings;
  if (!masksAny(settings)) return run;
  return async (job, signal) => {
    const outcome = await run(job, signal);
    if (outcome.outcome !== "failed" || forDataset(job.dataset).mask === null) return outcome;
    return { ...outcome, message: neutralMessage(outcome.code, outcome.message) };
  };
}
