import { Worker } from "node:worker_threads";
import { errorCode, errorMessage, type FailureCode } from "../errors.ts";
import type { SettingsOrigin } from "../config/settings.ts";
import type { Job, Outcome } from "../job.ts";
import { closeLeft, descriptorMemory } from "../system/descriptors.ts";
import { createProgress, type Progress, progressOf } from "./counters.ts";

/** A thread that does jobs in order. */
export interface Lane {
  readonly progress: Progress;
  post(jobs: readonly Job[]): void;
  /** Ends it, whatever it is doing. */
  end(): Promise<unknown>;
}

/** Callbacks of a thread. */
export interface LaneHandlers {
  /** Of the next jobs, in their order. */
  readonly onAnswers: (outcomes: readonly Outcome[]) => void;
  /** It ended by itself, and why. May be told more than once. */
  readonly onDeath: (code: FailureCode, message: string) => void;
}

/** What a thread is given to begin with. Plain data. */
export interface WorkerData {
  readonly origin: SettingsOrigin;
  /** The file that tells what is in work. */
  readonly inWork: string;
  /** Which thread it is, from 0. */
  readonly thread: number;
  readonly progress: SharedArrayBuffer;
  /** Where it says what it has open, for `closeLeft`. */
  readonly descriptors: SharedArrayBuffer;
  /** What the threads share of `Turn`. */
  readonly turn: SharedArrayBuffer;
}

const HEAP_MB = 256;

/** Starts a thread that runs `program`, which answers the jobs it is sent with their outcomes. */
export function startLane(
  program: URL,
  data: Omit<WorkerData, "progress" | "descriptors">,
  { onAnswers, onDeath }: LaneHandlers,
): Lane {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
  const progress = createProgress();
  const descriptors = descriptorMemory();
  const workerData: WorkerData = { ...data, progress, descriptors };
  const worker = new Worker(program, { workerData, resourceLimits });
  worker.on("message", onAnswers);
  worker.on("error", (error) => onDeath(whyDead(error), errorMessage(error)));
  worker.on("exit", (code) => {
    closeLeft(descriptors);
    onDeath("UNEXPECTED", `the worker ended with ${code}`);
  });
  return {
    progress: progressOf(progress),
    post: (jobs) => worker.postMessage(jobs),
    end: () => worker.terminate(),
  };
}

function whyDead(error: unknown): FailureCode {
  return errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "LIMIT_EXCEEDED" : "UNEXPECTED";
}
