import type { Source, StagingEvent } from "../../staging/context.ts";
import { VERSION } from "../../version.ts";
import { by, counter, type Family, gauge } from "../metrics/family.ts";
import { processMetrics } from "../metrics/process.ts";

/** Counts of the work of staging since this process began. */
export interface Counted {
  event(event: StagingEvent): void;
  families(now: { readonly runs: number; readonly runsAtWork: number }): readonly Family[];
}

/** Begins with nothing. */
export function createCounted(): Counted {
  const startedAt = Date.now();
  // Each has a value from the start: a rate has to begin somewhere.
  const files: Record<Source, number> = { transfer: 0, store: 0, local: 0 };
  const failures = new Map<string, number>();
  let bytes = 0;
  let leftBehind = 0;
  return {
    event(event) {
      if (event.type === "staged") {
        files[event.from] += 1;
        if (event.from === "transfer") bytes += event.bytes;
      } else if (event.type === "failed")
        failures.set(event.code, (failures.get(event.code) ?? 0) + 1);
      else leftBehind += 1;
    },
    families: ({ runs, runsAtWork }) => [
      gauge("stage_build_info", "Version of the staging service; always 1.", [
        { value: 1, labels: { version: VERSION, node: process.version } },
      ]),
      counter("stage_files_total", "Files staged, by where they came from.", [
        ...by("from", Object.entries(files)),
      ]),
      counter("stage_failures_total", "Files that could not be staged, by code.", [
        ...by("code", failures),
      ]),
      counter("stage_transferred_bytes_total", "Bytes of files that were fetched.", bytes),
      counter(
        "stage_not_cleaned_up_total",
        "Directories that could not be removed; the log names them.",
        leftBehind,
      ),
      gauge("stage_runs", "Runs that are there.", runs),
      gauge("stage_runs_at_work", "Runs that are being staged, or whose tool runs.", runsAtWork),
      ...processMetrics({ pid: process.pid, startedAt }),
    ],
  };
}
