/** The time that each dataset may be worked on in an hour. */
export interface Budget {
  /** Notes work on a dataset, ms. */
  spend(dataset: string, ms: number): void;
  /** True when a dataset has had its share of this hour. */
  isSpent(dataset: string): boolean;
}

const HOUR_MS = 3_600_000;

/** Creates a budget; `clock` is ms since epoch. Without a limit it never runs out. */
export function createBudget(secondsPerHour: number | undefined, clock: () => number): Budget {
  const spent = new Map<string, number>();
  let hour = 0;
  return {
    spend(dataset, ms) {
      if (secondsPerHour !== undefined) spent.set(dataset, ofThisHour(dataset) + ms);
    },
    isSpent: (dataset) =>
      secondsPerHour !== undefined && ofThisHour(dataset) >= secondsPerHour * 1000,
  };

  function ofThisHour(dataset: string): number {
    const now = Math.floor(clock() / HOUR_MS);
    if (now !== hour) spent.clear();
    hour = now;
    return spent.get(dataset) ?? 0;
  }
}
