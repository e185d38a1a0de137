/** A thread of the worker pool: does one job after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { createHandle } from "./run-job.ts";
import { settingsOf, type SettingsOrigin } from "./settings.ts";
import type { Job, Outcome } from "./types.ts";

/** What the pool sends; answered in the same order. */
export interface Request {
  readonly job: Job;
}

/** What comes back. */
export interface Answer {
  readonly outcome: Outcome;
}

const port = parentPort;
if (port === null) throw new Error("worker.ts is started by the worker pool");
const handle = createHandle(settingsOf(workerData as SettingsOrigin));
const never = new AbortController().signal;
let last: Promise<void> = Promise.resolve();

port.on("message", ({ job }: Request) => {
  last = last.then(async () => {
    port.postMessage({ outcome: await handle(job, never) } satisfies Answer);
  });
});
