/** Does some work when it is its turn. @throws Busy; what the work throws */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Thrown where it was not somebody's turn for too long. */
export class Busy extends Error {
  constructor() {
    super("Too many ask for this at once; try again in a while.");
    this.name = "Busy";
  }
}

/**
 * Lets a fixed number work at once, in the order in which they come; what each of them holds in memory adds
 * up otherwise. Who has waited for `patienceMs` waits no longer: one that hangs is not waited for.
 */
export function createSemaphore(atOnce: number, patienceMs: number): InTurn {
  let free = atOnce;
  const waiting = new Set<() => void>();

  return async (work) => {
    if (free > 0) free -= 1;
    else await turn();
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next === undefined) free += 1;
      else next();
    }
  };

  function turn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => {
      waiting.delete(begin);
      reject(new Busy());
    }, patienceMs);
    const begin = (): void => {
      clearTimeout(late);
      waiting.delete(begin);
      resolve();
    };
    waiting.add(begin);
    return promise;
  }
}
