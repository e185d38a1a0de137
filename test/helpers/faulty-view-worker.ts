/** A thread that shows files as a viewer with a fault would do it. */
import { parentPort } from "node:worker_threads";
import type { ViewJob } from "../../src/http/page/view-worker.ts";

parentPort?.on("message", ({ path }: ViewJob) => {
  if (path === "hang") for (;;);
  if (path === "grow") for (const kept: object[] = []; ;) kept.push({ path, i: kept.length });
  if (path === "throw") throw new Error("thrown outside of any view");
  parentPort?.postMessage({ view: { format: path, facts: [], tables: [], warnings: [] } });
});
