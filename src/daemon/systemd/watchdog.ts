import type { Notify } from "./notify.ts";
import type { LivenessTracker } from "../liveness.ts";

/** Options of `feedWatchdog`. */
export interface WatchdogOptions {
  readonly notify: Notify;
  readonly liveness: LivenessTracker;
  /** Longest time that one file may take, ms. */
  readonly longestJobMs: () => number;
  /**
   * Called when nothing was done for too long, with the time since then, ms; possibly many times.
   */
  readonly onHang: (stalledMs: number) => void;
}

/**
 * Feeds the watchdog three times as often as it wants, while the daemon is idle or makes progress.
 * A file may take its longest time, and everything else as long as the watchdog's own time. After
 * that the watchdog starves, and systemd starts us again: a process that runs and does nothing is
 * not alive. Returns the function that ends this.
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
