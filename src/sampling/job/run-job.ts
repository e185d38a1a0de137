import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { readMaskKey } from "../../config/mask-key.ts";
import type { Settings } from "../../config/settings.ts";
import { errorCode, errorMessage, Failure, type FailureCode, systemErrorIn } from "../../errors.ts";
import { createLake } from "../../lake/lake.ts";
import { isAbsence } from "../../lake/roots.ts";
import { breathe } from "../../lib/breathe.ts";
import { growing } from "../../lib/growing.ts";
import { HEAD_BYTES } from "../../lib/source.ts";
import type { Failed, Job, Outcome } from "../../job.ts";
import { startDeadline } from "../../lib/deadline.ts";
import type { Deadlines } from "../../lib/deadlines.ts";
import { TurnLost } from "../../store/turns.ts";
import { confirmFile } from "./confirm-file.ts";
import { createContracts } from "./contracts.ts";
import { createMasks } from "../../masking/masks.ts";
import { createRemoteBronze } from "./remote-bronze.ts";
import { type JobMemory, Rename, sampleFile, type Work } from "./sample-file.ts";
import { createWorkplaces } from "./workplace.ts";
import type { Turn } from "../../workers/turn.ts";
import { BRONZE } from "../../lake/dataset.ts";

/** Options of `createRunJob`. */
export interface RunJobOptions {
  /** Keeps large files of several threads apart. */
  readonly turn?: Turn;
  /** Until when samples may be published, by the turns of jobs; absent where that is always. */
  readonly deadlines?: Deadlines | undefined;
  /** Called where a temporary file cannot be removed. */
  readonly onLeft?: () => void;
}

/**
 * Creates the function that does one job in this thread: open, recognise, sample, publish. It never
 * throws: any error becomes an outcome.
 */
export function createRunJob(
  settings: Settings,
  { turn, deadlines, onLeft = () => undefined }: RunJobOptions = {},
): (job: Job, stop?: AbortSignal) => Promise<Outcome> {
  const inWorkplace = createWorkplaces(createLake(settings));
  const openRemote = createRemoteBronze(settings);
  const contracts = createContracts(settings.file);
  const masks = createMasks(settings, readMaskKey);
  /**
   * One for each job in work. Memory allocated for each file would keep the collector busy.
   */
  const memories: JobMemory[] = [];

  return async (job, stop) => {
    const started = performance.now();
    const deadline = startDeadline(settings.forDataset(job.dataset).limits.seconds, stop);
    const work: Work = { readBytes: 0 };
    const memory = memories.pop() ?? newMemory();
    let done: Promise<Outcome> | undefined;
    try {
      const alone = turn && (() => deadline.aside(() => turn.take(deadline.signal)));
      done = inWorkplace(job, async (workplace) => {
        const known = { settings, masks, contracts, openRemote };
        const surroundings = { ...known, workplace, memory, alone, deadlines, onLeft };
        await breathe();
        const confirmed = await confirmFile(job, surroundings, deadline.signal, work);
        return confirmed ?? sampleFile(job, surroundings, deadline.signal, work);
      });
      return await Promise.race([done, deadline.rejected]);
    } catch (error) {
      // Work that is stopped ends with its next read, and cleans up behind itself.
      await done?.catch(() => undefined);
      if (stop?.aborted === true || error instanceof TurnLost) return { outcome: "aborted" };
      if (error instanceof Rename)
        return { outcome: "misnamed", extension: error.extension, ...work };
      return failed(error, job, settings, { ...work, ms: performance.now() - started });
    } finally {
      deadline.stop();
      turn?.leave();
      memory.sample.clear();
      memories.push(memory);
    }
  };
}

function newMemory(): JobMemory {
  return { head: Buffer.allocUnsafeSlow(HEAD_BYTES), sample: growing() };
}

function failed(
  error: unknown,
  job: Job,
  settings: Settings,
  work: Work & { readonly ms: number },
): Outcome {
  const [code, message] = whatFailed(error);
  const failure: Failed = { outcome: "failed", code, message, ...work };
  // Without its key a mask masks nothing: the dataset waits.
  const isOfDataset = /^(CONFIG_INVALID|OUTPUT_FULL|OUTPUT_UNWRITABLE)$/.test(code);
  if (isOfDataset) return { outcome: "paused", code, message };
  if (job.inode !== undefined && isGone(error)) return goneRaw(job, settings, work);
  const noBronze = code === "FILE_MISSING" ? whyNoBronze(settings, job) : undefined;
  return noBronze === undefined ? failure : { outcome: "paused", code, message: noBronze };
}

/** True where a file was moved or removed since it was found. */
function isGone(error: unknown): boolean {
  const isMissing = error instanceof Failure && error.code === "FILE_MISSING";
  const refusal = systemErrorIn(error);
  return isMissing || (refusal !== undefined && errorCode(refusal) === "ESTALE");
}

/** A raw file that is gone; the dataset waits where the whole directory is. */
function goneRaw(
  { dataset, raw }: Job,
  settings: Settings,
  { readBytes, ms }: Work & { readonly ms: number },
): Outcome {
  const { directories } = settings.forDataset(dataset).raw;
  const directory = directories.find((path) => raw.startsWith(`${path}/`));
  const path = resolve(settings.prefix, dataset, directory ?? ".");
  const message = whyMissing(path, "is it mounted?");
  if (message !== undefined) return { outcome: "paused", code: "FILE_MISSING", message };
  return { outcome: "moved", readBytes, ms };
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
  return whyMissing(directory, "is it mounted? (`forget` is for a dataset that is gone)");
}

function whyMissing(directory: string, hint: string): string | undefined {
  try {
    statSync(directory);
    return undefined;
  } catch (error) {
    return isAbsence(error) ? `${directory} is missing: ${hint}` : errorMessage(error);
  }
}
