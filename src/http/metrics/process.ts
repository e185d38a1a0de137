import { type ProcessUse, processUse } from "./process-usage.ts";
import type { DaemonState } from "../state.ts";
import type { Family } from "./family.ts";

/** The metrics that Prometheus expects of every process, by default of the daemon. */
export function processMetrics({
  pid,
  startedAt,
}: Pick<DaemonState, "pid" | "startedAt">): Family[] {
  const use: Partial<ProcessUse> = processUse(pid) ?? {};
  return [
    metric(
      "process_cpu_seconds_total",
      "counter",
      "Processor time the process used.",
      use.cpuSeconds,
    ),
    metric(
      "process_resident_memory_bytes",
      "gauge",
      "Resident memory of the process.",
      use.residentBytes,
    ),
    metric(
      "process_virtual_memory_bytes",
      "gauge",
      "Virtual memory of the process.",
      use.virtualBytes,
    ),
    metric("process_open_fds", "gauge", "Files the process has open.", use.openFiles),
    metric("process_max_fds", "gauge", "Files it may have open.", use.mostOpenFiles),
    metric("process_threads", "gauge", "Threads of the process.", use.threads),
    metric("process_start_time_seconds", "gauge", "When the process began.", startedAt / 1000),
  ];
}

function metric(
  name: string,
  type: Family["type"],
  help: string,
  value: number | undefined,
): Family {
  const values = value === undefined ? [] : [{ value, labels: {} }];
  return { name, help, type, values, aggregator: "first" };
}
