/**
 * Does one job after the other: as a thread of the worker pool, or as a process of its own for the
 * formats that need one.
 */
import { parentPort, workerData } from "node:worker_threads";
import { createHandle } from "./handle.ts";
import { settingsOf, type SettingsOrigin } from "../config/settings.ts";
import type { Job, Outcome } from "../types.ts";

/** What the pool sends; answered in the same order. */
export interface Request {
  readonly job: Job;
}

/** What comes back. */
export interface Answer {
  readonly outcome: Outcome;
}

const isThread = parentPort !== null;
const origin = isThread ? workerData : JSON.parse(process.argv[2] as string);
const handle = createHandle(settingsOf(origin as SettingsOrigin), { isThread });
const never = new AbortController().signal;
let last: Promise<void> = Promise.resolve();

function answer({ job }: Request): void {
  last = last.then(async () => {
    const outcome: Answer = { outcome: await handle(job, never) };
    if (isThread) parentPort?.postMessage(outcome);
    else process.send?.(outcome);
  });
}

if (isThread) {
  parentPort?.on("message", answer);
} else {
  // The daemon decides when to end; a terminal's Ctrl-C goes to all processes.
  process.on("SIGINT", () => undefined).on("SIGTERM", () => undefined);
  process.on("message", (message) => answer(message as Request));
}
