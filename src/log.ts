import pino, { type Logger } from "pino";
import type { PassEvent } from "./pass.ts";
import { VERSION } from "./version.ts";

/** The daemon's log: JSON lines on stdout. */
export type Log = Logger;

/** Opens the log. Written synchronously, so that the last lines before an end are there. */
export function openLog(level: string): Log {
  return pino(
    { level, base: { pid: process.pid, sampler: VERSION } },
    pino.destination({ dest: 1, sync: true }),
  );
}

/** Turns events into log lines: one for each failure, samples only at debug. */
export function logEvents(log: Log): (event: PassEvent) => void {
  return (event) => {
    switch (event.type) {
      case "settled":
        return logSettled(log, event.settled);
      case "rejected":
        return log.warn(
          { dataset: event.dataset, ...event.line, code: "LINE_INVALID" },
          "line rejected",
        );
      case "swept":
        return log.warn({ dataset: event.dataset, files: event.files }, "temporary files removed");
      case "pruned":
        return log.info({ dataset: event.dataset, ...event.pruned }, "samples pruned");
      case "paused":
      case "error": {
        const { where, code, message } = event;
        return log.error(
          { where, code, reason: message },
          event.type === "paused" ? "dataset waits" : "not read",
        );
      }
      case "ingested": {
        const { dataset, ingested } = event;
        if (ingested.reread !== undefined)
          log.warn({ dataset, ...ingested }, "manifest read again");
        else if (ingested.lines > 0) log.debug({ dataset, ...ingested }, "manifest read");
      }
    }
  };
}

function logSettled(
  log: Log,
  { claim, outcome, nextAt }: (PassEvent & { type: "settled" })["settled"],
): void {
  const { dataset, raw, bronze, name } = claim.job;
  if (outcome.outcome === "sampled") {
    const { format, ms, readBytes, warnings } = outcome;
    return log.debug({ dataset, raw, sample: name, format, ms, readBytes, warnings }, "sampled");
  }
  const retryAt = nextAt === null ? null : new Date(nextAt).toISOString();
  const entry = { dataset, raw, bronze, code: outcome.code, reason: outcome.message, retryAt };
  log[outcome.code === "UNEXPECTED" ? "error" : "warn"](entry, "failed");
}
