import { setImmediate as macrotask } from "node:timers/promises";
import type { Bucket } from "../../src/storage/bucket.ts";

/** Lets requests of several machines go on one at a time, in an order that is given. */
export interface Turns {
  /** A bucket whose requests wait for their turn. */
  gated(bucket: Bucket, machine: Machine): Bucket;
  /** Waits in the middle of a machine's request, so that others come between; false where it died. */
  within(machine: Machine): Promise<boolean>;
  /** Lets all go on until nobody wants anything any more. */
  run(options: RunTurns): Promise<void>;
}

/** A machine; one that is dead gets no turn any more. */
export interface Machine {
  isDead: boolean;
}

/** Options of `Turns.run`. */
export interface RunTurns {
  /** Chooses one of so many. */
  readonly choose: (count: number) => number;
  /** Called before each turn, with its number. */
  readonly onTurn: (n: number) => void;
  /** Called after each request that may have changed something. */
  readonly onChanged: () => Promise<void>;
}

interface Waiting {
  readonly machine: Machine;
  readonly isChange: boolean;
  readonly begin: () => void;
  /** Called when all is over and it had no turn. */
  readonly end?: () => void;
  /** Resolves once the request is over, or waits in its middle. */
  over: PromiseWithResolvers<void>;
}

/** Makes them. */
export function createTurns(): Turns {
  const waiting: Waiting[] = [];
  const atWork = new Map<Machine, Waiting>();

  async function turn(machine: Machine, isChange: boolean): Promise<Waiting> {
    const begun = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const own: Waiting = { machine, isChange, begin: begun.resolve, over };
    waiting.push(own);
    await begun.promise;
    return own;
  }

  return {
    gated(bucket, machine) {
      const once =
        <A extends unknown[], T>(request: (...args: A) => Promise<T>, isChange: boolean) =>
        async (...args: A): Promise<T> => {
          const own = await turn(machine, isChange);
          if (isChange) atWork.set(machine, own);
          return await request(...args).finally(() => own.over.resolve());
        };
      const pages = <A extends unknown[], T>(
        request: (...args: A) => AsyncGenerator<readonly T[], void, void>,
      ) =>
        async function* each(...args: A): AsyncGenerator<readonly T[], void, void> {
          const all = request(...args);
          for (;;) {
            const own = await turn(machine, false);
            const next = await all.next().finally(() => own.over.resolve());
            if (next.done === true) return;
            yield next.value;
          }
        };
      return {
        ...bucket,
        put: once(bucket.put, true),
        remove: once(bucket.remove, true),
        get: once(bucket.get, false),
        head: once(bucket.head, false),
        list: pages(bucket.list),
        uploads: pages(bucket.uploads),
      };
    },
    async within(machine) {
      const own = atWork.get(machine);
      if (own === undefined) return false;
      const over = Promise.withResolvers<void>();
      const before = own.over;
      own.over = over;
      const begun = Promise.withResolvers<boolean>();
      const begin = () => begun.resolve(true);
      const end = () => begun.resolve(false);
      waiting.push({ machine, isChange: true, begin, end, over });
      before.resolve();
      return await begun.promise;
    },
    async run({ choose, onTurn, onChanged }) {
      for (let n = 0; ; n += 1) {
        // All that a machine does between its requests is done by then.
        await macrotask();
        onTurn(n);
        const able = waiting.filter(({ machine }) => !machine.isDead);
        const next = able[choose(able.length)];
        if (next === undefined) break;
        waiting.splice(waiting.indexOf(next), 1);
        next.begin();
        await next.over.promise;
        await macrotask();
        if (next.isChange) await onChanged();
      }
      for (const { end } of waiting) end?.();
    },
  };
}
