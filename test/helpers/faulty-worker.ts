/** A worker as a decoder with a fault would make it: some files keep it busy for ever, or kill it. */
import { parentPort, workerData } from "node:worker_threads";
import type { WorkerData } from "../../src/workers/thread.ts";
import { ownCounters } from "../../src/workers/counters.ts";
import type { Job, Outcome } from "../../src/job.ts";

/** Longer than `limits.seconds` and what is granted beyond, looked at twice a second. */
const WAITS = 10;
const WAIT_MS = 400;

const idle = new Int32Array(new SharedArrayBuffer(4));
const counters = ownCounters((workerData as WorkerData).counters);
counters.ready();
parentPort?.on("message", (jobs: readonly Job[]) => {
  const outcomes = jobs.map(({ raw }): Outcome => {
    if (raw === "hang.csv") for (;;);
    // Bit by bit: Node leaves a thread 16 MB to end in, and one array that grows past them ends the process.
    if (raw === "grow.csv") for (let kept: object | undefined; ;) kept = { kept, i: 0 };
    if (raw === "wait.csv") waitForOthers();
    if (raw === "throw.csv") throw new Error("thrown outside of any job");
    if (raw === "exit.csv") process.exit(7);
    counters.jobDone();
    return { outcome: "aborted" };
  });
  parentPort?.postMessage(outcomes);
});

function waitForOthers(): void {
  for (let i = 0; i < WAITS; i += 1) {
    counters.waits();
    Atomics.wait(idle, 0, 0, WAIT_MS);
  }
}
