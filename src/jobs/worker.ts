/** A thread of the worker pool: does one job after the other and answers with its outcome. */
import { parentPort, workerData } from "node:worker_threads";
import { settingsOf } from "../config/settings.ts";
import type { Job } from "../types.ts";
import { createHandle } from "./handle.ts";
import { leavesNothing } from "../samples/publish.ts";
import { openMark } from "./in-work.ts";
import { LEFT, READY, type WorkerData } from "./lane.ts";

const { origin, inWork, thread } = workerData as WorkerData;
const handle = createHandle(settingsOf(origin));
const mark = openMark(inWork, thread);
const never = new AbortController().signal;
parentPort?.postMessage(READY);
let last: Promise<void> = Promise.resolve();

parentPort?.on("message", (job: Job) => {
  last = last.then(async () => {
    mark(job);
    const outcome = await handle(job, never);
    if (!leavesNothing()) parentPort?.postMessage(LEFT);
    parentPort?.postMessage(outcome);
  });
});
