import { setTimeout as sleep } from "node:timers/promises";

/** The limit of bytes a second for all transfers that share it together. */
export interface RateLimit {
  /**
   * Waits until so many bytes more were allowed; true where that took time.
   * @throws the signal's reason once it is aborted
   */
  take(bytes: number, signal: AbortSignal): Promise<boolean>;
  /** Sets the rate, also for those who wait: bytes per second, undefined for any. */
  change(bytesPerSecond: number | undefined): void;
}

/** A change of the rate is noticed within this, ms. */
const LOOK_MS = 200;
/** Unused bytes of at most this long may be taken at once, ms. */
const SAVED_MS = 100;

/**
 * Makes a rate limit. A call may take more bytes than are left: the calls after it wait until the rate
 * has made up for that.
 */
export function createRateLimit(first: number | undefined): RateLimit {
  let rate = first ?? Infinity;
  let saved = 0;
  let lookedAt = performance.now();
  return {
    async take(bytes, signal) {
      look();
      if (rate === Infinity) return false;
      saved -= bytes;
      const isLate = saved < 0;
      while (saved < 0) {
        await sleep(Math.min(LOOK_MS, (-saved / rate) * 1000), undefined, { signal });
        look();
      }
      return isLate;
    },
    change(bytesPerSecond) {
      look();
      rate = bytesPerSecond ?? Infinity;
    },
  };

  function look(): void {
    const now = performance.now();
    // With any rate there is no debt.
    saved =
      rate === Infinity
        ? 0
        : Math.min((rate * SAVED_MS) / 1000, saved + (rate * (now - lookedAt)) / 1000);
    lookedAt = now;
  }
}
