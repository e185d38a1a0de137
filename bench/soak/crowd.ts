import { type Actors, createActors } from "./actors.ts";
import type { Daemon } from "./daemon.ts";
import { createHalfLines } from "./half-lines.ts";
import type { Dataset } from "./lake.ts";
import { startProducer } from "./producer.ts";
import { type Random, randomFrom } from "./random.ts";
import { rotate } from "./rotation.ts";
import type { Tally } from "./tally.ts";
import { createAnnouncer } from "./traffic.ts";
import { trouble } from "./trouble.ts";
import type { Turnstile } from "./turnstile.ts";

/** Everybody who does something to the lake or to the daemon. */
export interface Crowd {
  /** Resolves once files that vanished are all back; while the turnstile is closed. */
  whole(): Promise<void>;
  /** @throws what one of them threw */
  check(): void;
  /** Resolves once all are gone. @throws what one of them threw */
  end(): Promise<void>;
}

/** The lake and the daemon that they gather at. */
export interface Gathering {
  readonly turnstile: Turnstile;
  readonly seed: number;
  readonly tally: Tally;
  readonly prefix: string;
  readonly config: string;
  /** That several producers write to at once. */
  readonly shared: readonly Dataset[];
  /** That only one writes to, in half lines. */
  readonly alone: Dataset;
  readonly ready: ReadonlyMap<string, readonly string[]>;
  readonly daemon: Daemon;
  /** True when the daemon is to be troubled. */
  readonly isStormy: () => boolean;
  /** Looks at what a kill has left. */
  readonly checkKilled: () => Promise<void>;
}

const PRODUCERS = 3;

/** Starts them; each makes its own choices, whatever the others do. */
export function gather(gathering: Gathering): Crowd {
  const { turnstile, tally, config, shared, alone, ready } = gathering;
  const actors = createActors(turnstile);
  let who = 0;
  const nextRandom = (): Random => randomFrom(gathering.seed * 1000 + (who += 1));

  const producers = Array.from({ length: PRODUCERS }, startProducer);
  const announcers = producers.map((producer) => {
    const random = nextRandom();
    const announcer = createAnnouncer({ random, producer, tally, ready, datasets: shared, config });
    actors.add({ act: () => announcer.step(), random, mostMs: 100 });
    return announcer;
  });
  const lonely = startProducer();
  const random = nextRandom();
  const act = createHalfLines(alone, { random, producer: lonely, tally, ready });
  actors.add({ act, random, mostMs: 400 });
  addRotation(actors, nextRandom(), gathering);
  addTrouble(actors, nextRandom(), gathering);

  return {
    check: () => actors.check(),
    async whole() {
      for (const announcer of announcers) await announcer.whole();
    },
    async end() {
      await actors.end();
      for (const producer of [...producers, lonely]) await producer.end();
    },
  };
}

function addRotation(actors: Actors, random: Random, { shared, alone, tally }: Gathering): void {
  const datasets = [...shared, alone];
  const act = async () => rotate(random.pick(datasets), tally);
  actors.add({ act, random, mostMs: 4000 });
}

function addTrouble(actors: Actors, random: Random, gathering: Gathering): void {
  const act = async () => {
    if (gathering.isStormy()) await trouble({ ...gathering, random });
  };
  actors.add({ act, random, mostMs: 5000 });
}
