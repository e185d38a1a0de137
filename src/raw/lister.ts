import { Worker } from "node:worker_threads";
import type { SettingsOrigin } from "../config/settings.ts";
import { errorMessage, Failure } from "../errors.ts";
import { closeLeft, descriptorMemory } from "../system/descriptors.ts";
import type { Answer, Question, WorkerData } from "./messages.ts";
import type { Changed, Listed } from "./types.ts";

/** Looks at directories of raw files, in a thread of its own; one question at a time. */
export interface Lister {
  /** Starts the thread, where it does not run: that takes longer than most looks. */
  ready(): Promise<void>;
  /** @throws Failure RAW_UNREADABLE, and what `Lake.hold` throws */
  changed(question: Omit<Question & { what: "changed" }, "what">): Promise<Changed>;
  /** Yields what is in some directories. @throws as `changed` */
  list(question: Omit<Question & { what: "list" }, "what">): AsyncGenerator<Listed, void, void>;
  /** Ends the thread without waiting for an answer. */
  close(): Promise<void>;
}

/** A directory of millions of names takes some hundred MB. */
const HEAP_MB = 1024;
const program = new URL(
  `./worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** Creates it; the thread is started with the first question, and again when it has died. */
export function createLister(origin: SettingsOrigin): Lister {
  let worker: Worker | undefined;
  let waiting: { answer(answer: Answer): void } | undefined;

  return {
    async ready() {
      if (worker === undefined) await ask({ what: "next" });
    },
    changed: async (question) => (await ask({ what: "changed", ...question })) as Changed,
    async *list(question) {
      let listed = (await ask({ what: "list", ...question })) as Listed;
      yield listed;
      while (!listed.isLast) {
        listed = (await ask({ what: "next" })) as Listed;
        yield listed;
      }
    },
    async close() {
      const running = worker;
      died("the look was ended");
      await running?.terminate();
    },
  };

  async function ask(question: Question): Promise<unknown> {
    const asked = (worker ??= start());
    // The process does not end before the answer comes.
    asked.ref();
    const answer = await new Promise<Answer>((resolve) => {
      waiting = { answer: resolve };
      asked.postMessage(question);
    });
    asked.unref();
    if ("value" in answer) return answer.value;
    throw new Failure(answer.code, answer.message);
  }

  function start(): Worker {
    const workerData: WorkerData = { origin, descriptors: descriptorMemory() };
    const started = new Worker(program, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    started.on("message", (answer: Answer) => waiting?.answer(answer));
    started.on("error", (error) => died(errorMessage(error)));
    started.on("exit", () => {
      closeLeft(workerData.descriptors);
      if (worker === started) died("the thread has ended");
    });
    return started;
  }

  function died(message: string): void {
    worker = undefined;
    waiting?.answer({ code: "RAW_UNREADABLE", message });
    waiting = undefined;
  }
}
