import { shownBronze } from "../lib/bronze-url.ts";
import type { Log } from "../log/log.ts";
import type { PassEvent } from "./events.ts";

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
      case "finding": {
        const { at: _, severity, ...finding } = event.finding;
        const fields = { dataset: event.dataset, ...finding };
        if (finding.kind === "drift") return log[severity](fields, "file differs");
        return log[severity](fields, "file held to its contract");
      }
      case "contract": {
        const { dataset, contract, reason } = event;
        return log.error({ dataset, contract, reason }, "contract cannot be used");
      }
      case "skipped":
        return log.warn(
          { dataset: event.dataset, manifests: event.names },
          "not read: no regular file",
        );
      case "cleanedUp":
        return log.warn({ dataset: event.dataset, files: event.files }, "temporary files removed");
      case "unmade":
        return log.warn(
          { dataset: event.dataset, ...event.unmade },
          "samples under another mask removed",
        );
      case "pruned":
        return log.info({ dataset: event.dataset, ...event.pruned }, "samples pruned");
      case "confirmed":
      case "moved": {
        const { dataset, raw, bronze } = event.claim.job;
        if (event.type === "moved")
          return log.debug({ dataset, raw }, "moved before it was sampled");
        return log.debug({ dataset, raw, bronze: shownBronze(bronze) }, "confirmed");
      }
      case "looked":
        if (event.looked.listed === 0) return undefined;
        return log.debug({ dataset: event.dataset, ...event.looked }, "raw files looked at");
      case "crowded": {
        const { dataset, path, names } = event;
        return log.warn({ dataset, path, names }, "many raw files in one directory");
      }
      case "unlisted": {
        const { where, code, message: reason } = event;
        return log.error({ where, code, reason }, "raw files not looked at");
      }
      case "paused":
      case "error": {
        const { type, where, code, message: reason } = event;
        if (type === "paused") return log.error({ where, code, reason }, "dataset waits");
        const isUnread = code === "MANIFEST_UNREADABLE";
        return log.error({ where, code, reason }, isUnread ? "not read" : "not done");
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
  const { dataset, raw, name } = claim.job;
  if (outcome.outcome === "sampled") {
    const { format, ms, readBytes, warnings } = outcome;
    return log.debug({ dataset, raw, sample: name, format, ms, readBytes, warnings }, "sampled");
  }
  const retryAt = nextAt === null ? null : new Date(nextAt).toISOString();
  const bronze = shownBronze(claim.job.bronze);
  const entry = { dataset, raw, bronze, code: outcome.code, reason: outcome.message, retryAt };
  log[outcome.code === "UNEXPECTED" ? "error" : "warn"](entry, "failed");
}
