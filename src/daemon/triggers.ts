/** A request for a pass. */
export interface PassRequest {
  /** Datasets to look at, or undefined for all. */
  readonly datasets: readonly string[] | undefined;
}

/** Collects reasons to work until the daemon has time for them. */
export interface Triggers {
  /** Asks for a whole pass. */
  all(): void;
  /** Asks for a look at one dataset. */
  one(dataset: string): void;
  /** Asks for a look at due entries at that time, ms since epoch; the earliest time counts. */
  at(time: number): void;
  /** True when something was asked for already. */
  isPending(): boolean;
  /** Waits until something is asked for, and takes it; undefined after `end`. */
  next(): Promise<PassRequest | undefined>;
  /** Ends the waiting: nothing more is asked for. */
  end(): void;
}

/** Longest wait before due entries are looked at, ms: the clock may be set meanwhile. */
const LONGEST_WAIT_MS = 60_000;

/** Creates triggers; nothing is asked for yet. */
export function createTriggers(): Triggers {
  const wanted = new Set<string>();
  let wantsAll = false;
  let wantsDue = false;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let signal = Promise.withResolvers<void>();

  function isPending(): boolean {
    return wantsAll || wantsDue || wanted.size > 0;
  }

  return {
    isPending,
    all() {
      wantsAll = true;
      signal.resolve();
    },
    one(dataset) {
      wanted.add(dataset);
      signal.resolve();
    },
    at(time) {
      if (time >= timerAt) return;
      clearTimeout(timer);
      timerAt = time;
      const wait = Math.min(Math.max(0, time - Date.now()), LONGEST_WAIT_MS);
      timer = setTimeout(() => {
        timerAt = Infinity;
        wantsDue = true;
        signal.resolve();
      }, wait);
    },
    async next() {
      if (!isPending() && !ended) await signal.promise;
      signal = Promise.withResolvers<void>();
      if (ended) return undefined;
      const work = { datasets: wantsAll ? undefined : [...wanted] };
      wanted.clear();
      wantsAll = false;
      wantsDue = false;
      return work;
    },
    end() {
      ended = true;
      clearTimeout(timer);
      signal.resolve();
    },
  };
}
