/** A worker as a decoder with a fault would make it: some files keep it busy for ever, or kill it. */
import { parentPort } from "node:worker_threads";
import { READY } from "../../src/jobs/lane.ts";
import type { Job, Outcome } from "../../src/types.ts";

parentPort?.postMessage(READY);
parentPort?.on("message", ({ raw }: Job) => {
  if (raw === "hang.csv") for (;;);
  if (raw === "grow.csv") for (const kept: object[] = []; ;) kept.push({ raw, i: kept.length });
  if (raw === "throw.csv") throw new Error("thrown outside of any job");
  if (raw === "exit.csv") process.exit(7);
  parentPort?.postMessage({ outcome: "abandoned" } satisfies Outcome);
});
