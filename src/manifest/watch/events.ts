import { basename } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { createBurst } from "./burst.ts";
import { createLayout } from "./layout.ts";
import { createTree } from "./tree.ts";
import type { Watcher, WatchHandlers } from "./types.ts";

/** Time in which directories that come are looked at together, ms. */
const SOON_MS = 100;
/** Rest between two looks, ms: each look that finds a change leads to a pass. */
const REST_MS = 1000;
/**
 * Rest after a look, as a multiple of its time: looking stays a small part of the time, however
 * much there is to find.
 */
const REST_PER_LOOK = 20;

/**
 * Watches the directories of manifests below a prefix and those above them, never data or files.
 * Begins again where the kernel may have dropped events.
 */
export function followEvents(settings: Settings, handlers: WatchHandlers): Watcher {
  const { prefix } = settings;
  const layout = createLayout(settings);
  const burst = createBurst();
  const { onError } = handlers;
  const tree = createTree({ root: prefix, below: layout.below, onEvent, onError });
  /** Paths to look at; true where the directory there is sure to have been replaced. */
  let touched = new Map([[prefix, true]]);
  let restsUntil = 0;
  let later: NodeJS.Timeout | undefined;
  let isClosed = false;
  let looking: Promise<void> | undefined = look(0);
  return {
    async close() {
      isClosed = true;
      clearTimeout(later);
      tree.close();
      await looking;
    },
  };

  function onEvent(directory: string, event: string, name: string | null): void {
    if (burst.isOverflow()) touch(prefix, true);
    const path = `${directory}/${name}`;
    const dataset = layout.datasetOf(path);
    if (dataset !== undefined) handlers.onGrowth(dataset);
    if (event !== "rename") return;
    // A directory that is moved or removed tells its own name; if two links lead to it, that of one.
    touch(directory, name === basename(directory));
    if (layout.isFollowed(path)) touch(path, false);
  }

  function touch(path: string, isReplaced: boolean): void {
    touched.set(path, isReplaced || touched.get(path) === true);
    lookLater();
  }

  function lookLater(): void {
    if (isClosed || later !== undefined || looking !== undefined) return;
    const waitMs = Math.max(SOON_MS, restsUntil - performance.now());
    later = setTimeout(() => {
      later = undefined;
      looking = look(REST_PER_LOOK);
    }, waitMs);
  }

  /** Looks, then rests in proportion to the time it took; there is no rest after the first look. */
  async function look(rest: number): Promise<void> {
    const started = performance.now();
    await lookAtTouched();
    const ended = performance.now();
    restsUntil = ended + rest * Math.max(REST_MS / REST_PER_LOOK, ended - started);
    looking = undefined;
    if (touched.size > 0) lookLater();
  }

  async function lookAtTouched(): Promise<void> {
    const paths = touched;
    touched = new Map();
    const { came, went } = await tree.refresh(paths);
    if (isClosed) return;
    if (came > 0) handlers.onReady();
    else if (went > 0) handlers.onDirectories();
    // Nothing above the prefix tells that it is back.
    if (!tree.has(prefix)) touched.set(prefix, true);
  }
}
