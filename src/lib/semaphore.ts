/** Does some work when it is its turn. @throws Busy; what the work throws */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Thrown when a caller has waited too long for its turn. */
export class Busy extends Error {
  constructor() {
    super("Too many ask for this at once; try again in a while.");
    this.name = "Busy";
  }
}

/**
 * Lets a fixed number work at once, in the order in which they come; otherwise the memory that each
 * of them holds would add up. A caller gives up after `patienceMs`, so that work that hangs holds
 * up nobody for ever.
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
