/** A thread that shows files as a viewer with a fault would do it. */
import { parentPort } from "node:worker_threads";
import type { ViewJob } from "../../src/inspect/view-worker.ts";

parentPort?.on("message", ({ path }: ViewJob) => {
  if (path === "hang") for (;;);
  // Bit by bit: Node leaves a thread 16 MB to end in, and one array that grows past them ends the process.
  if (path === "grow") for (let kept: object | undefined; ;) kept = { kept, i: 0 };
  if (path === "throw") throw new Error("thrown outside of any view");
  parentPort?.postMessage({ view: { format: path, facts: [], tables: [], warnings: [] } });
});
