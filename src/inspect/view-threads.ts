import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import type { View, ViewOptions } from "../view/view.ts";
import type { ViewAnswer, ViewJob } from "./view-worker.ts";

/**
 * Shows a file as `readView` does, its beginning as `readHead` does, or what its end says, in a thread, so that no sample can take the page's memory or
 * time. The caller bounds how many are shown at once.
 * @throws Failure as `readView` does; LIMIT_EXCEEDED where it takes too much memory, TIMEOUT
 */
export type ViewInThread = (
  path: string,
  options: ViewOptions,
  shows?: ViewJob["shows"],
) => Promise<View>;

/** Options of `createViewThreads`, for other threads than the page's. */
export interface ViewThreadOptions {
  readonly program?: URL;
  /** Longest time for showing one file, ms. */
  readonly shownMs?: number;
}

/** Memory limits of a view thread; the page has a heap of its own. */
const resourceLimits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 };
/** Time to show a sample, ms: far more than one takes, unless it is made to take long. */
const SHOWN_MS = 20_000;
/** Time that an idle thread is kept, ms: it takes some megabytes. */
const IDLE_MS = 30_000;

const viewWorker = new URL(
  `./view-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** Makes threads as they are needed, and keeps them for a while. */
export function createViewThreads({
  program = viewWorker,
  shownMs = SHOWN_MS,
}: ViewThreadOptions = {}): ViewInThread {
  /** Threads that wait for work, and when each is ended. */
  const idle = new Map<Worker, NodeJS.Timeout>();

  return async (path, options, shows = "content") => {
    const worker = take();
    const job: ViewJob = { path, options, shows };
    const signal = AbortSignal.timeout(shownMs);
    let answer: ViewAnswer;
    try {
      worker.postMessage(job);
      [answer] = (await once(worker, "message", { signal })) as [ViewAnswer];
    } catch (error) {
      void worker.terminate();
      throw failureOf(error, signal);
    }
    idle.set(worker, setTimeout(() => void worker.terminate(), IDLE_MS).unref());
    if ("view" in answer) return answer.view;
    throw new Failure(answer.code, answer.message);
  };

  function take(): Worker {
    const [found] = idle;
    if (found === undefined) return start();
    const [worker, end] = found;
    clearTimeout(end);
    idle.delete(worker);
    return worker;
  }

  function start(): Worker {
    const worker = new Worker(program, { resourceLimits });
    worker.unref();
    // One that fails while nobody waits for it is not missed.
    worker.on("error", () => undefined);
    worker.on("exit", () => idle.delete(worker));
    return worker;
  }
}

function failureOf(error: unknown, { aborted }: AbortSignal): Failure {
  if (aborted) return new Failure("TIMEOUT", "it takes too long to be shown; download it");
  if (errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY") {
    return new Failure("LIMIT_EXCEEDED", "it takes too much memory to be shown; download it");
  }
  return new Failure("UNEXPECTED", errorMessage(error), { cause: error });
}
