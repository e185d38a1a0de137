import { Worker } from "node:worker_threads";
import { errorCode, errorMessage, type FailureCode } from "../errors.ts";
import type { SettingsOrigin } from "../config/settings.ts";
import type { Job, Outcome } from "../types.ts";

/** A thread that does jobs in order. */
export interface Lane {
  post(job: Job): void;
  /** Ends it, whatever it is doing. */
  end(): Promise<unknown>;
}

/** Who is told of what. */
export interface LaneHandlers {
  readonly onAnswer: (outcome: Outcome) => void;
  /** A temporary file could not be removed. */
  readonly onLeft: () => void;
  /**
   * It ended by itself, and why; `wasReady` is false for one that never came to a job, since the
   * system would not let it start. May be told more than once.
   */
  readonly onDeath: (code: FailureCode, message: string, wasReady: boolean) => void;
}

/** What a thread is given to begin with. Plain data. */
export interface WorkerData {
  readonly origin: SettingsOrigin;
  /** The file that tells what is in work. */
  readonly inWork: string;
  /** Which thread it is, from 0. */
  readonly thread: number;
}

/** What a thread says, before an outcome, once it could not remove a temporary file. */
export const LEFT = "left";

/** What a thread says once it has loaded everything, before the first outcome. */
export const READY = "ready";

const HEAP_MB = 256;
const YOUNG_MB = 4;

/** Starts a thread that runs `program`, which answers each job it is sent with an outcome. */
export function startLane(
  program: URL,
  data: WorkerData,
  { onAnswer, onLeft, onDeath }: LaneHandlers,
): Lane {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB };
  const worker = new Worker(program, { workerData: data, resourceLimits });
  let isReady = false;
  worker.on("message", (message: Outcome | typeof READY | typeof LEFT) => {
    isReady = true;
    if (message === LEFT) onLeft();
    else if (message !== READY) onAnswer(message);
  });
  worker.on("error", (error) => onDeath(whyDead(error), errorMessage(error), isReady));
  worker.on("exit", (code) => onDeath("UNEXPECTED", `the worker ended with ${code}`, isReady));
  return { post: (job) => worker.postMessage(job), end: () => worker.terminate() };
}

function whyDead(error: unknown): FailureCode {
  return errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "LIMIT_EXCEEDED" : "UNEXPECTED";
}
