import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { statusOf, type StatusReport } from "../../inspect/status.ts";
import type { Store } from "../../store/store.ts";

/** Makes a status report, or returns the last one where that is young enough. */
export type ReadReport = () => Promise<StatusReport>;

/** The source of a report. */
export interface ReportSource {
  store(): Promise<Store>;
  readonly settings: Settings;
}

/** Time that a report is good for, ms; longer where it takes long to make. */
const LEAST_MS = 2000;
const TIMES_ITS_COST = 10;
/**
 * Longest wait for a report, ms: storage that hangs holds a report up, and not those who ask for
 * it.
 */
const PATIENCE_MS = 3000;

/**
 * Creates the function. For any number of callers, one report is made at a time. Where the lake's
 * storage does not answer within three seconds, they get the last report there is.
 * @throws from the function: Failure CACHE_UNUSABLE; MANIFEST_UNREADABLE where there is no report
 * yet and storage does not answer; what the store throws
 */
export function createReportReader({ store, settings }: ReportSource): ReadReport {
  let last: StatusReport | undefined;
  let freshUntil = 0;
  let making: Promise<StatusReport> | undefined;
  let begun = 0;

  return async () => {
    // Asked even where there is a report: that it can be read is part of the answer.
    const readable = await store();
    if (last !== undefined && performance.now() < freshUntil) return last;
    making ??= make(readable).finally(() => (making = undefined));
    return inTime(making);
  };

  async function make(readable: Store): Promise<StatusReport> {
    begun = performance.now();
    last = await statusOf(readable, settings, Date.now());
    const cost = performance.now() - begun;
    freshUntil = performance.now() + Math.max(LEAST_MS, TIMES_ITS_COST * cost);
    return last;
  }

  async function inTime(made: Promise<StatusReport>): Promise<StatusReport> {
    const { promise, resolve, reject } = Promise.withResolvers<StatusReport>();
    // Who comes later waits for the rest of that time: all of them would wait while storage hangs.
    const restMs = Math.max(0, begun + PATIENCE_MS - performance.now());
    const timer = setTimeout(() => {
      if (last === undefined) reject(new Failure("MANIFEST_UNREADABLE", "storage does not answer"));
      else resolve(last);
    }, restMs);
    try {
      return await Promise.race([made, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
