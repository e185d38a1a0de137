import { Worker } from "node:worker_threads";
import { errorCode, errorMessage, type FailureCode } from "./errors.ts";
import type { Settings } from "./settings.ts";
import type { Handle, Job, Outcome } from "./types.ts";
import type { Answer, Request } from "./worker.ts";

/** A Handle that does jobs in threads, so that one file can be stopped and costs no other. */
export interface WorkerPool {
  readonly handle: Handle;
  /** Ends all threads; what is in flight is abandoned. */
  close(): Promise<void>;
}

interface Task {
  readonly job: Job;
  readonly resolve: (outcome: Outcome) => void;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which they are done; the first one is in work. */
  readonly tasks: Task[];
  timer: NodeJS.Timeout | undefined;
}

/** A thread stops itself at `limits.seconds`; one that does not is ended this much later. */
const GRACE_MS = 2000;
/** Heap of one thread. */
const HEAP_MB = 256;
const YOUNG_MB = 8;

/** Starts no thread before it is needed, and a new one for each that dies. */
export function createWorkerPool(settings: Settings): WorkerPool {
  const threads: (Thread | undefined)[] = Array.from({ length: settings.drain.threads });
  const stops = new WeakSet<AbortSignal>();

  function handle(job: Job, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return Promise.resolve({ outcome: "abandoned" });
    if (!stops.has(signal)) signal.addEventListener("abort", () => void close(), { once: true });
    stops.add(signal);
    return new Promise((resolve) => give({ job, resolve }));
  }

  /** Hands a task to the thread with the fewest. */
  function give(task: Task): void {
    const loads = threads.map((thread) => thread?.tasks.length ?? 0);
    const index = loads.indexOf(Math.min(...loads));
    const thread = (threads[index] ??= start());
    thread.tasks.push(task);
    thread.worker.postMessage({ job: task.job } satisfies Request);
    if (thread.tasks.length === 1) watchOver(thread);
  }

  function start(): Thread {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      workerData: settings.origin,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const thread: Thread = { worker, tasks: [], timer: undefined };
    worker.on("message", ({ outcome }: Answer) => {
      thread.tasks.shift()?.resolve(outcome);
      watchOver(thread);
    });
    worker.on("error", (error) => replace(thread, whyDead(error), errorMessage(error)));
    worker.on("exit", (code) => replace(thread, "UNEXPECTED", `the worker ended with ${code}`));
    return thread;
  }

  function watchOver(thread: Thread): void {
    clearTimeout(thread.timer);
    const job = thread.tasks[0]?.job;
    if (job === undefined) return;
    const { seconds } = settings.forDataset(job.dataset).limits;
    const message = `not done within limits.seconds (${seconds} s)`;
    const late = () => replace(thread, "TIMEOUT", message);
    thread.timer = setTimeout(late, seconds * 1000 + GRACE_MS);
  }

  /** The first task of a dead or late thread is to blame; the others go elsewhere. */
  function replace(thread: Thread, code: FailureCode, message: string): void {
    const index = threads.indexOf(thread);
    if (index < 0) return;
    threads[index] = undefined;
    clearTimeout(thread.timer);
    void thread.worker.terminate();
    const [first, ...others] = thread.tasks.splice(0);
    first?.resolve({ outcome: "failed", code, message, readBytes: 0, ms: 0 });
    for (const task of others) give(task);
  }

  async function close(): Promise<void> {
    const open = threads.filter((thread) => thread !== undefined);
    threads.fill(undefined);
    for (const { tasks, timer } of open) {
      clearTimeout(timer);
      for (const { resolve } of tasks.splice(0)) resolve({ outcome: "abandoned" });
    }
    await Promise.all(open.map(({ worker }) => worker.terminate()));
  }

  return { handle, close };
}

function whyDead(error: unknown): FailureCode {
  return errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "LIMIT_EXCEEDED" : "UNEXPECTED";
}
