import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import type { Turnstile } from "./turnstile.ts";

/** The actions of one actor. */
export interface Acting {
  readonly act: () => Promise<void>;
  readonly random: Random;
  /** Between two acts. */
  readonly mostMs: number;
}

/** Those who do something again and again. */
export interface Actors {
  add(acting: Acting): void;
  /** @throws what one of them threw; the others went on */
  check(): void;
  /** Resolves once nobody acts any more. @throws what one of them threw */
  end(): Promise<void>;
}

/** Makes none; all of them go through the turnstile. */
export function createActors(turnstile: Turnstile): Actors {
  const lives: Promise<void>[] = [];
  const over = new AbortController();
  const failures: unknown[] = [];

  async function live({ act, random, mostMs }: Acting): Promise<void> {
    try {
      while (!over.signal.aborted) {
        await sleep(random.below(mostMs));
        await turnstile.through(async () => {
          if (!over.signal.aborted) await act();
        });
      }
    } catch (error) {
      failures.push(error);
    }
  }

  function check(): void {
    if (failures.length > 0) throw failures[0];
  }

  return {
    add: (acting) => void lives.push(live(acting)),
    check,
    async end() {
      over.abort();
      turnstile.open();
      await Promise.all(lives);
      check();
    },
  };
}
