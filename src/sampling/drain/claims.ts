import type { Claim, DrainStore } from "../../store/drain-store.ts";
import type { Settings } from "../../config/settings.ts";
import type { FailureCode } from "../../errors.ts";
import type { Budget } from "../../load/budget.ts";
import type { IoThrottle } from "../../load/io-throttle.ts";

/** The due entries, as one drain takes them. */
export interface Claims {
  /** Yields due entries until none is left, or until `isOver`. */
  all(): AsyncGenerator<Claim, void, void>;
  /** Claims entries that became due while they were in flight. Returns true when there are any. */
  refill(): Promise<boolean>;
  /** Notes that a claim's outcome is written: its raw may be claimed again. */
  done(claim: Claim): void;
  /** Takes nothing more of a dataset. */
  pause(dataset: string, code: FailureCode, message: string): Promise<void>;
  /** Notes the time that work on a dataset took, ms. Returns true when that is over its budget. */
  spend(dataset: string, ms: number): boolean;
}

/** Options of `createClaims`. */
export interface ClaimsOptions {
  readonly store: DrainStore;
  readonly settings: Settings;
  /** False while a dataset has samples under another mask than its own. */
  readonly mayBeSampled: (dataset: string) => boolean;
  /** Time that each dataset may still cost. */
  readonly budget: Budget;
  readonly ioThrottle: IoThrottle;
  /** ms since epoch. */
  readonly clock: () => number;
  /** True when nothing more is to be taken. Stays true once it was. */
  readonly isOver: () => boolean;
  /** Gives back jobs that were handed over and have not begun. */
  readonly release: () => void;
  readonly onPaused: (dataset: string, code: FailureCode, message: string) => Promise<void>;
}

/** Entries claimed at once: they go before others that become due later. */
const CLAIMED = 256;

/** Claims what is due, fairly between datasets: never a raw in flight, never of a paused dataset. */
export function createClaims(options: ClaimsOptions): Claims {
  const { store, settings, budget, ioThrottle, isOver } = options;
  const paused = new Set<string>();
  /** Raws in flight, by dataset. */
  const busy = new Map<string, Set<string>>();
  let queue: Claim[] = [];
  let isFirst = true;

  return { all, refill, done, pause, spend };

  async function* all(): AsyncGenerator<Claim, void, void> {
    let isDrained = false;
    try {
      for (;;) {
        await ioThrottle.waitForTurn();
        if (isOver()) return;
        if (queue.length === 0) queue = await claim();
        const next = queue.shift();
        isDrained = next === undefined;
        if (next === undefined) return;
        if (!paused.has(next.job.dataset)) yield next;
      }
    } finally {
      if (!isDrained) options.release();
    }
  }

  async function refill(): Promise<boolean> {
    if (isOver()) return false;
    isFirst = true;
    queue = await claim();
    return queue.length > 0 && !isOver();
  }

  async function claim(): Promise<Claim[]> {
    const claims = await store.claim({
      limit: CLAIMED,
      isFirst,
      order: settings.drain.order,
      now: options.clock(),
      skips: (dataset) =>
        paused.has(dataset) ||
        budget.isSpent(dataset) ||
        settings.offReason(dataset) !== undefined ||
        !options.mayBeSampled(dataset),
      isBusy: (dataset, raw) => busy.get(dataset)?.has(raw) === true,
      busyCount: (dataset) => busy.get(dataset)?.size ?? 0,
    });
    isFirst = false;
    for (const { job } of claims) {
      const raws = busy.get(job.dataset) ?? new Set();
      busy.set(job.dataset, raws.add(job.raw));
    }
    return [...claims];
  }

  function done({ job }: Claim): void {
    busy.get(job.dataset)?.delete(job.raw);
  }

  async function pause(dataset: string, code: FailureCode, message: string): Promise<void> {
    if (paused.has(dataset)) return;
    paused.add(dataset);
    await options.onPaused(dataset, code, message);
  }

  function spend(dataset: string, ms: number): boolean {
    budget.spend(dataset, ms);
    return budget.isSpent(dataset);
  }
}
