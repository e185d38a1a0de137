/** A thread of the worker pool: does one job after the other and answers with its outcome. */
import { parentPort, workerData } from "node:worker_threads";
import { settingsOf, type SettingsOrigin } from "../config/settings.ts";
import type { Job } from "../types.ts";
import { createHandle } from "./handle.ts";
import { leavesNothing } from "../samples/publish.ts";
import { LEFT, READY } from "./lane.ts";

const handle = createHandle(settingsOf(workerData as SettingsOrigin));
const never = new AbortController().signal;
parentPort?.postMessage(READY);
let last: Promise<void> = Promise.resolve();

parentPort?.on("message", (job: Job) => {
  last = last.then(async () => {
    const outcome = await handle(job, never);
    if (!leavesNothing()) parentPort?.postMessage(LEFT);
    parentPort?.postMessage(outcome);
  });
});
