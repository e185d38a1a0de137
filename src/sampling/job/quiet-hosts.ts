import { Failure, systemErrorIn } from "../../errors.ts";

/** So long a host is left alone that could not be reached, ms. */
const QUIET_MS = 30_000;

/** The hosts that could not be reached a moment ago. */
export interface QuietHosts {
  /**
   * Opens something at a host, unless that could not be reached a moment ago: entries by the thousand
   * that wait for it would keep those from their turn that have all they need.
   * @throws Failure UNREACHABLE; what `open` throws
   */
  open<T>(host: string, signal: AbortSignal, open: () => Promise<T>): Promise<T>;
}

/** Makes it; `now` is ms of a clock that only goes forward. */
export function createQuietHosts(now: () => number = () => performance.now()): QuietHosts {
  const until = new Map<string, number>();
  return {
    async open(host, signal, open) {
      if ((until.get(host) ?? 0) > now()) {
        const message = `${host} could not be reached a moment ago, and was not asked`;
        throw new Failure("UNREACHABLE", message);
      }
      try {
        const opened = await open();
        until.delete(host);
        return opened;
      } catch (error) {
        if (isOutOfReach(error, signal)) until.set(host, now() + QUIET_MS);
        throw error;
      }
    },
  };
}

/** Nothing came of it: no connection, or no answer in all the time that a job has. */
function isOutOfReach(error: unknown, signal: AbortSignal): boolean {
  if (!(error instanceof Failure)) return false;
  if (signal.aborted) return error.code === "TIMEOUT";
  return error.code === "UNREACHABLE" && systemErrorIn(error) !== undefined;
}
