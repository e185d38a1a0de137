import { statSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { errorMessage, Failure, type FailureCode, systemErrorIn } from "../../errors.ts";
import { createLake } from "../../lake/lake.ts";
import { isAbsence } from "../../lake/roots.ts";
import { HEAD_BYTES } from "../../lib/source.ts";
import type { Failed, RunJob, Job, Outcome } from "../../job.ts";
import { startDeadline } from "../../lib/deadline.ts";
import { createRemoteBronze } from "./remote-bronze.ts";
import { Rename, sampleFile, type Work } from "./sample-file.ts";
import { createWorkplaces } from "./workplace.ts";
import type { Turn } from "../../workers/turn.ts";
import { BRONZE } from "../../lake/dataset.ts";

/** Options of `createRunJob`. */
export interface RunJobOptions {
  /** Keeps large files of several threads apart. */
  readonly turn?: Turn;
  /** Called where a temporary file cannot be removed. */
  readonly onLeft?: () => void;
}

/**
 * Creates the function that does one job in this thread: open, recognise, sample, publish. It never
 * throws: any error becomes an outcome.
 */
export function createRunJob(
  settings: Settings,
  { turn, onLeft = () => undefined }: RunJobOptions = {},
): RunJob {
  const inWorkplace = createWorkplaces(createLake(settings));
  const openRemote = createRemoteBronze(settings);
  /**
   * Buffers, one for each job in work. Memory allocated for each file would keep the collector
   * busy.
   */
  const memories: Buffer[] = [];

  return async (job, stop) => {
    const started = performance.now();
    const deadline = startDeadline(settings.forDataset(job.dataset).limits.seconds, stop);
    const work: Work = { readBytes: 0 };
    const memory = memories.pop() ?? Buffer.allocUnsafeSlow(HEAD_BYTES);
    let done: Promise<Outcome> | undefined;
    try {
      const alone = turn && (() => deadline.aside(() => turn.take(deadline.signal)));
      done = inWorkplace(job, (workplace) => {
        const surroundings = { settings, workplace, memory, openRemote, alone, onLeft };
        return sampleFile(job, surroundings, deadline.signal, work);
      });
      return await Promise.race([done, deadline.rejected]);
    } catch (error) {
      // Work that is stopped ends with its next read, and cleans up behind itself.
      await done?.catch(() => undefined);
      if (stop.aborted) return { outcome: "aborted" };
      if (error instanceof Rename)
        return { outcome: "misnamed", extension: error.extension, ...work };
      return failed(error, job, settings, { ...work, ms: performance.now() - started });
    } finally {
      deadline.stop();
      turn?.leave();
      memories.push(memory);
    }
  };
}

function failed(
  error: unknown,
  job: Job,
  settings: Settings,
  work: Work & { readonly ms: number },
): Outcome {
  const [code, message] = whatFailed(error);
  const failure: Failed = { outcome: "failed", code, message, ...work };
  if (code === "OUTPUT_FULL" || code === "OUTPUT_UNWRITABLE") {
    return { outcome: "paused", code, message };
  }
  const noBronze = code === "FILE_MISSING" ? whyNoBronze(settings, job) : undefined;
  return noBronze === undefined ? failure : { outcome: "paused", code, message: noBronze };
}

/**
 * Code and message of an error. A refusal of the system, such as one more open file, is not the
 * file's fault, and may pass.
 */
function whatFailed(error: unknown): readonly [FailureCode, string] {
  if (error instanceof Failure) return [error.code, error.message];
  const refusal = systemErrorIn(error);
  if (refusal !== undefined) return ["FILE_UNREADABLE", errorMessage(refusal)];
  return ["UNEXPECTED", (error as Error).stack ?? errorMessage(error)];
}

/**
 * The reason why the whole bronze directory cannot be had, and not just this file; undefined when
 * it can.
 */
function whyNoBronze(settings: Settings, job: Job): string | undefined {
  if (!job.bronze.startsWith(`${BRONZE}/`)) return undefined;
  const directory = join(settings.prefix, job.dataset, BRONZE);
  try {
    statSync(directory);
    return undefined;
  } catch (error) {
    const hint = "is it mounted? (`forget` is for a dataset that is gone)";
    return isAbsence(error) ? `${directory} is missing: ${hint}` : errorMessage(error);
  }
}
