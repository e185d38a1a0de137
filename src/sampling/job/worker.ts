/** A thread of the worker pool: does one job after the other and answers with their outcomes. */
import { parentPort, workerData } from "node:worker_threads";
import { settingsOf } from "../../config/settings.ts";
import type { Job, Outcome } from "../../job.ts";
import { deadlinesIn } from "../../lib/deadlines.ts";
import { createCollector } from "../../workers/collect-garbage.ts";
import { createRunJob } from "./run-job.ts";
import { tellDescriptorsIn } from "../../system/descriptors.ts";
import { openMark } from "../../workers/crash-marks.ts";
import type { WorkerData } from "../../workers/thread.ts";
import { ownCounters } from "../../workers/counters.ts";
import { turnOf } from "../../workers/turn.ts";

/**
 * Outcomes that go in one message: a message costs as much as a small file. None waits for a slow
 * file.
 */
const TOGETHER = 16;
const LONGEST_MS = 20;

const data = workerData as WorkerData;
tellDescriptorsIn(data.descriptors);
const mark = openMark(data.crashMarks, data.thread);
const counters = ownCounters(data.counters);
const turn = turnOf(data.turn, data.thread, counters.waits);
const deadlines = data.deadlines && deadlinesIn(data.deadlines);
const run = createRunJob(settingsOf(data.origin), { turn, deadlines, onLeft: counters.left });
const collect = createCollector();
const queue: Job[] = [];
let outcomes: Outcome[] = [];
let answeredAt = 0;
let last: Promise<void> = Promise.resolve();
counters.ready();

parentPort?.on("message", (jobs: readonly Job[]) => {
  queue.push(...jobs);
  last = last.then(work);
});

async function work(): Promise<void> {
  for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
    mark(job);
    outcomes.push(await run(job));
    counters.jobDone();
    collect();
    const isLate = performance.now() - answeredAt > LONGEST_MS;
    if (queue.length === 0 || isLate || outcomes.length === TOGETHER) answer();
  }
}

function answer(): void {
  parentPort?.postMessage(outcomes);
  outcomes = [];
  answeredAt = performance.now();
}
