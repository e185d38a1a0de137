import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { errorCode, errorMessage, type FailureCode } from "../errors.ts";
import type { SettingsOrigin } from "../config/settings.ts";
import type { Outcome } from "../types.ts";
import type { Answer, Request } from "./worker.ts";

/** Something that does jobs in order, apart from us. */
export interface Lane {
  post(request: Request): void;
  /** Ends it, whatever it is doing. */
  end(): Promise<unknown>;
}

/** Who is told of what. */
export interface LaneHandlers {
  readonly onAnswer: (outcome: Outcome) => void;
  /** It ended by itself, and why. May be told more than once. */
  readonly onDeath: (code: FailureCode, message: string) => void;
}

const HEAP_MB = 256;
const YOUNG_MB = 4;
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const program = new URL(`./worker.${extension}`, import.meta.url);

/** A thread. */
export function threadLane(origin: SettingsOrigin, { onAnswer, onDeath }: LaneHandlers): Lane {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB };
  const worker = new Worker(program, { workerData: origin, resourceLimits });
  worker.on("message", ({ outcome }: Answer) => onAnswer(outcome));
  worker.on("error", (error) => onDeath(whyDead(error), errorMessage(error)));
  worker.on("exit", (code) => onDeath("UNEXPECTED", `the worker ended with ${code}`));
  return { post: (request) => worker.postMessage(request), end: () => worker.terminate() };
}

/**
 * A process: for decoders that can run out of memory in a way that ends the process they are in.
 */
export function processLane(origin: SettingsOrigin, { onAnswer, onDeath }: LaneHandlers): Lane {
  const child = fork(fileURLToPath(program), [JSON.stringify(origin)], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("message", (message) => onAnswer((message as Answer).outcome));
  child.on("error", (error) => onDeath("UNEXPECTED", errorMessage(error)));
  child.on("exit", (code, signal) => {
    onDeath("LIMIT_EXCEEDED", `its process ended with ${signal ?? code}: it needs too much memory`);
  });
  return {
    post: (request) => void child.send(request, () => undefined),
    end: () => Promise.resolve(child.kill("SIGKILL")),
  };
}

function whyDead(error: unknown): FailureCode {
  return errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "LIMIT_EXCEEDED" : "UNEXPECTED";
}
