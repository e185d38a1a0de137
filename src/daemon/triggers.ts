/** A request for a pass. */
export interface PassRequest {
  /** Datasets to look at, or undefined for all. */
  readonly datasets: readonly string[] | undefined;
}

/** Collects reasons to work until the daemon has time for them. */
export interface Triggers {
  /** A whole pass is wanted. */
  all(): void;
  /** A look at one dataset is wanted. */
  one(dataset: string): void;
  /** A look at what is due is wanted at that time, ms since epoch; the earliest counts. */
  at(time: number): void;
  /** True when something is wanted already. */
  isPending(): boolean;
  /** Waits until something is wanted, and takes it; undefined after `end`. */
  next(): Promise<PassRequest | undefined>;
  /** Nothing more is wanted. */
  end(): void;
}

/** The clock may be set while we wait: what is due is looked at after this at the latest, ms. */
const LONGEST_WAIT_MS = 60_000;

/** Creates triggers; nothing is wanted yet. */
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
