/** A worker as a decoder with a fault would make it: one file keeps it busy for ever. */
import { parentPort } from "node:worker_threads";
import type { Job, Outcome } from "../../src/types.ts";

parentPort?.on("message", ({ raw }: Job) => {
  if (raw === "hang.csv") for (;;);
  parentPort?.postMessage({ outcome: "abandoned" } satisfies Outcome);
});
