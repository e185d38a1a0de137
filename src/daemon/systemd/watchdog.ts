import type { Notify } from "./notify.ts";
import type { LivenessTracker } from "../liveness.ts";

/** Options of `feedWatchdog`. */
export interface WatchdogOptions {
  readonly notify: Notify;
  readonly liveness: LivenessTracker;
  /** Longest time that one file may take, ms. */
  readonly longestJobMs: () => number;
  /** Called when nothing was done for too long, with the time since then, ms; it may be told often. */
  readonly onHang: (stalledMs: number) => void;
}

/**
 * Feeds the watchdog three times as often as it wants, while the daemon is idle or makes progress:
 * a file may take what it may, and everything else as long as the watchdog's own time. Then it
 * starves, and systemd starts us again. A process that runs and does nothing is not alive. Returns
 * how to end it.
 */
export function feedWatchdog(options: WatchdogOptions): () => void {
  const { notify, liveness, longestJobMs, onHang } = options;
  const { watchdogMs } = notify;
  if (watchdogMs === undefined) return () => undefined;
  const timer = setInterval(feed, watchdogMs / 3).unref();
  return () => clearInterval(timer);

  function feed(): void {
    const { isIdle, stalledMs } = liveness.state();
    const isHung = !isIdle && stalledMs > longestJobMs() + (watchdogMs as number);
    if (isHung) onHang(stalledMs);
    else notify.send({ isAlive: true });
  }
}
