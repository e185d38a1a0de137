import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dataset, Raw, Version } from "./lake.ts";
import { sampler } from "./program.ts";
import { chooseRaw, type Making, noteAnnounced, writeVersion } from "./versions.ts";

/** Somebody who announces files. */
export interface Announcer {
  /** One thing. */
  step(): Promise<void>;
  /** Resolves once files that vanished are all back. */
  whole(): Promise<void>;
}

/** Options of announcing. */
export interface Announcing extends Making {
  readonly datasets: readonly Dataset[];
  readonly config: string;
}

const BURST = 60;

/** Makes one: several may work on the same datasets at once. */
export function createAnnouncer(announcing: Announcing): Announcer {
  const { datasets, random, producer, tally, config } = announcing;
  const vanished = new Set<Promise<void>>();

  return {
    async step() {
      const dataset = random.pick(datasets);
      if (random.chance(0.02)) return burst(dataset);
      if (random.chance(0.04)) return badLine(dataset);
      const raw = chooseRaw(dataset, random);
      if (raw === undefined) return;
      raw.isBusy = true;
      if (raw.version !== undefined && random.chance(0.08)) await again(dataset, raw, raw.version);
      else if (random.chance(0.05)) return vanishing(dataset, raw);
      else await announce(dataset, raw, await writeVersion(dataset, raw, announcing));
      raw.isBusy = false;
    },
    async whole() {
      while (vanished.size > 0) await Promise.all(vanished);
    },
  };

  async function announce(dataset: Dataset, raw: Raw, version: Version): Promise<void> {
    const { name, manifest } = dataset;
    const { bronze, mtime } = version;
    noteAnnounced(dataset, raw, version, tally);
    if (random.chance(0.015)) {
      const entry = ["--raw", raw.path, "--bronze", bronze, "--mtime", String(mtime)];
      await sampler(["append", "--dataset", name, ...entry], config);
    } else await producer.do("append", { manifest, raw: raw.path, bronze, mtime });
  }

  /** Enough to have a backlog for a moment. */
  async function burst(dataset: Dataset): Promise<void> {
    for (let left = BURST; left > 0; left -= 1) {
      const raw = chooseRaw(dataset, random);
      if (raw === undefined) return;
      raw.isBusy = true;
      await announce(dataset, raw, await writeVersion(dataset, raw, announcing));
      raw.isBusy = false;
    }
  }

  /** The same version once more, which changes nothing. */
  function again(dataset: Dataset, raw: Raw, version: Version): Promise<void> {
    return announce(dataset, raw, { ...version, generation: dataset.generation });
  }

  async function badLine({ manifest, bad }: Dataset): Promise<void> {
    tally.badLines += 1;
    tally.lines += 1;
    const text = `no entry ${tally.badLines}.`;
    bad.add(text);
    await producer.do("text", { manifest, line: `${text}\n` });
  }

  /** The file is away when it is announced, and comes back a little later. */
  async function vanishing(dataset: Dataset, raw: Raw): Promise<void> {
    tally.vanished += 1;
    const version = await writeVersion(dataset, raw, announcing);
    const bronze = join(dataset.directory, version.bronze);
    const aside = join(dataset.directory, "aside", version.bronze.replaceAll("/", "-"));
    await producer.do("hide", { bronze, aside });
    await announce(dataset, raw, version);
    const back = sleep(500 + random.below(3000)).then(async () => {
      const seen = await producer.do("reveal", { bronze, aside });
      dataset.bronze.set(version.bronze, String(seen));
      raw.isBusy = false;
      vanished.delete(back);
    });
    vanished.add(back);
  }
}
