import { Worker } from "node:worker_threads";
import { errorCode, errorMessage, type FailureCode } from "../errors.ts";
import type { SettingsOrigin } from "../config/settings.ts";
import type { Job, Outcome } from "../job.ts";
import { closeLeft, descriptorMemory } from "../system/descriptors.ts";
import { createCounters, type Counters, countersOf } from "./counters.ts";

/** A thread that does jobs in order. */
export interface JobThread {
  readonly counters: Counters;
  post(jobs: readonly Job[]): void;
  /** Ends the thread, even in the middle of a job. */
  end(): Promise<unknown>;
}

/** Callbacks of a thread. */
export interface ThreadHandlers {
  /** Called with the outcomes of the next jobs, in their order. */
  readonly onAnswers: (outcomes: readonly Outcome[]) => void;
  /** Called when the thread ended by itself, with the reason; possibly more than once. */
  readonly onDeath: (code: FailureCode, message: string) => void;
}

/** Data that a thread is given to begin with. Plain, to be copied. */
export interface WorkerData {
  readonly origin: SettingsOrigin;
  /** The file that notes what is in work. */
  readonly crashMarks: string;
  /** Number of the thread, from 0. */
  readonly thread: number;
  readonly counters: SharedArrayBuffer;
  /** Memory in which it notes the descriptors it has open, for `closeLeft`. */
  readonly descriptors: SharedArrayBuffer;
  /** Memory that the threads share for `Turn`. */
  readonly turn: SharedArrayBuffer;
  /** Memory for `deadlinesIn`: until when it may publish, by the turns of jobs. */
  readonly deadlines: SharedArrayBuffer | undefined;
}

const HEAP_MB = 256;

/** Starts a thread that runs `program`, which answers the jobs it is sent with their outcomes. */
export function startThread(
  program: URL,
  data: Omit<WorkerData, "counters" | "descriptors">,
  { onAnswers, onDeath }: ThreadHandlers,
): JobThread {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
  const counters = createCounters();
  const descriptors = descriptorMemory();
  const workerData: WorkerData = { ...data, counters, descriptors };
  const worker = new Worker(program, { workerData, resourceLimits });
  worker.on("message", onAnswers);
  worker.on("error", (error) => onDeath(whyDead(error), errorMessage(error)));
  worker.on("exit", (code) => {
    closeLeft(descriptors);
    onDeath("UNEXPECTED", `the worker ended with ${code}`);
  });
  return {
    counters: countersOf(counters),
    post: (jobs) => worker.postMessage(jobs),
    end: () => worker.terminate(),
  };
}

function whyDead(error: unknown): FailureCode {
  return errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "LIMIT_EXCEEDED" : "UNEXPECTED";
}
