import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { createLake } from "../../lake/lake.ts";
import { createLister } from "../../raw/lister.ts";
import { holdSamples } from "../../samples/directory.ts";
import type { Store } from "../../store/store.ts";
import { looksAfter } from "../../store/turns.ts";
import type { PassEvent } from "../events.ts";
import { expectedForIn } from "../expected-for.ts";
import { rebuildDataset } from "../ingest/rebuild.ts";
import { lookAt } from "./look.ts";

/** Looks at the raw files of datasets, each when its time has come. */
export interface Looks {
  /**
   * Looks at those of these datasets whose time has come, one after the other.
   * @throws what the store throws
   */
  round(datasets: readonly string[], options: RoundOptions): Promise<void>;
  /** Time until the next one of them comes, ms; undefined where none is known yet. */
  nextMs(): number | undefined;
  /** Ends the thread that looks, also in the middle of a listing. */
  close(): Promise<void>;
}

/** Options of `Looks.round`. */
export interface RoundOptions {
  readonly report: (event: PassEvent) => void;
  readonly isStopping: () => boolean;
  /** True to look also at those whose time has not come. */
  readonly isAnyTime?: boolean;
  /** Called with a dataset that has more due since. */
  readonly onFound?: (dataset: string) => void;
}

/** Rest after a look, as a multiple of its time: looking stays a small part of the time. */
const REST_PER_LOOK = 20;
/** Times after which directories with too many names, and those that cannot be listed, are told of again, ms. */
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Creates it; nothing is looked at yet, and there is no thread. */
export function createLooks(store: Store, settings: Settings): Looks {
  const lister = createLister(settings.origin);
  const lake = createLake(settings);
  /** By dataset, by a clock that nobody sets, ms. */
  const nextAt = new Map<string, number>();
  const toldAt = new Map<string, number>();
  /** Datasets of which it is known that their receipts need not be put back. */
  const restored = new Set<string>();

  return { round, nextMs, close: lister.close };

  async function round(
    datasets: readonly string[],
    { report: tell, isStopping, isAnyTime = false, onFound }: RoundOptions,
  ): Promise<void> {
    const report = isAnyTime ? tell : seldom(tell);
    const looked = datasets.filter(
      (name) => settings.forDataset(name).raw.mode !== "off" && looksAfter(store.turns, name),
    );
    for (const dataset of nextAt.keys()) if (!looked.includes(dataset)) nextAt.delete(dataset);
    for (const dataset of looked) {
      if (isStopping()) return;
      if (!isAnyTime && performance.now() < (nextAt.get(dataset) ?? 0)) continue;
      let began = performance.now();
      try {
        await lister.ready();
        began = performance.now();
        await restore(dataset);
        const expectedFor = expectedForIn(settings, dataset);
        const one = { store: store.raw, settings, lister, dataset, expectedFor, isStopping };
        const { due } = await lookAt({ ...one, report });
        if (due > 0) onFound?.(dataset);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (isStopping()) return;
        const { code, message } = error;
        report({ type: "unlisted", where: dataset, code, message });
      }
      const { everySeconds } = settings.forDataset(dataset).raw;
      const ended = performance.now();
      nextAt.set(dataset, ended + Math.max(everySeconds * 1000, REST_PER_LOOK * (ended - began)));
    }
  }

  function nextMs(): number | undefined {
    if (nextAt.size === 0) return undefined;
    return Math.max(0, Math.min(...nextAt.values()) - performance.now());
  }

  /** Puts back what receipts say, where the cache was lost and no manifest is read. */
  async function restore(name: string): Promise<void> {
    if (restored.has(name) || !settings.readsNoManifest(name)) return;
    if ((await store.raw.directories(name)).length === 0) {
      await store.ingest.know(name);
      using dataset = lake.hold(name);
      using samples = holdSamples(dataset);
      for await (const _ of rebuildDataset(store.ingest, { dataset: name, samples })) void _;
    }
    restored.add(name);
  }

  /** Tells of the same trouble now and then, and not with each look. */
  function seldom(report: (event: PassEvent) => void): (event: PassEvent) => void {
    return (event) => {
      const [about, restMs] = troubleIn(event);
      const now = performance.now();
      if (now - (toldAt.get(about) ?? -restMs) < restMs) return;
      if (restMs > 0) toldAt.set(about, now);
      report(event);
    };
  }
}

/** The trouble that an event tells of, and the time until it is told of again, ms. */
function troubleIn(event: PassEvent): readonly [about: string, restMs: number] {
  if (event.type === "crowded") return [`${event.dataset}  ${event.path}`, DAY_MS];
  if (event.type === "unlisted") return [`${event.where}: ${event.message}`, MINUTE_MS];
  return ["", 0];
}
