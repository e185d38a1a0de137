import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MANIFEST_PATH } from "../../lake/dataset.ts";
import { discover } from "../discover.ts";
import type { Settings } from "../../config/settings.ts";
import type { Watcher, WatchHandlers } from "./types.ts";

/**
 * Rest between two looks, ms; longer where a look takes long, so that looking stays a small part of
 * the time.
 */
const REST_MS = 250;
const REST_PER_LOOK = 100;

/**
 * Looks at all manifests, one after the other, again and again, for file systems without events.
 * There is one timer for all of them.
 */
export function pollManifests(settings: Settings, handlers: WatchHandlers): Watcher {
  const stopping = new AbortController();
  let seen = new Map<string, string>();
  const done = run();
  return {
    close() {
      stopping.abort();
      return done;
    },
  };

  async function run(): Promise<void> {
    for (let isFirst = true; !stopping.signal.aborted; isFirst = false) {
      const started = performance.now();
      await look(isFirst);
      if (isFirst) handlers.onReady();
      const rest = Math.max(REST_MS, REST_PER_LOOK * (performance.now() - started));
      await sleep(rest, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  async function look(isFirst: boolean): Promise<void> {
    const found = new Map<string, string>();
    const { datasets, errors } = await discover(settings.prefix, settings.includes);
    for (const { error } of errors) handlers.onError(error);
    for (const dataset of datasets) {
      if (stopping.signal.aborted) return;
      if (handlers.isOurs?.(dataset) === false) continue;
      const state = await stateOf(join(settings.prefix, dataset, MANIFEST_PATH));
      found.set(dataset, state);
      if (!isFirst && seen.get(dataset) !== state) handlers.onGrowth(dataset);
    }
    seen = found;
  }
}

/**
 * The state of a path, as text that differs after a change; the next pass finds out what changed.
 */
async function stateOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return "not to be seen";
  }
}
