import { watch as watchFiles, type FSWatcher } from "chokidar";
import { basename, join, relative } from "node:path";
import type { Settings } from "../config/settings.ts";
import { createBurst } from "./burst.ts";
import { isUnfollowed } from "./unfollowed.ts";
import type { Watcher, WatchHandlers } from "./watcher.ts";

const DATASET_DEPTH = 3;
const MANIFESTS_DEPTH = 4;
/** chokidar reads a directory once a second at most, and passes over what changes meanwhile. */
const DIRECTORIES_MS = 2000;
/** After it began again it rests, so that this stays a small part of the time. */
const REST_PER_START = 20;

/**
 * Watches the manifests below a prefix and the directories above them, never data. Begins again
 * where directories were replaced, since chokidar goes on with those that were there, and where the
 * kernel may have dropped events.
 */
export function followEvents(settings: Settings, handlers: WatchHandlers): Watcher {
  const { prefix } = settings;
  /** Directories that came, went or were replaced a moment ago, and whether it was seen in them. */
  const touched = new Map<string, boolean>();
  const burst = createBurst();
  let isStale = false;
  let startMs = 0;
  let restsUntil = 0;
  let later: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;
  let watcher = begin();
  return {
    async close() {
      isClosed = true;
      clearTimeout(later);
      await looking;
      await watcher.close();
    },
  };

  function begin(): FSWatcher {
    const started = performance.now();
    const begun = watchFiles(prefix, {
      ignoreInitial: true,
      atomic: false,
      depth: MANIFESTS_DEPTH + 1,
      ignored: (path) => isIgnored(relative(prefix, path)),
    });
    // Raw events as well: chokidar drops a change that leaves the file's mtime as it was, and a
    // file system's clock can stand still for some milliseconds.
    begun.on("all", (_event, path) => tell(path));
    begun.on("raw", onRaw);
    begun.on("ready", () => {
      startMs = performance.now() - started;
      handlers.onReady();
    });
    begun.on("error", handlers.onError);
    return begun;
  }

  function onRaw(event: string, name: string, details: unknown): void {
    isStale ||= burst.isOverflow();
    if (isStale) lookLater();
    const { watchedPath } = details as { readonly watchedPath?: string };
    if (watchedPath === undefined) return;
    tell(watchedPath);
    if (event === "rename") touch(watchedPath, name);
  }

  /** A directory that is moved or removed says so itself, with its own name. */
  function touch(directory: string, name: string): void {
    const depth = partsOf(directory).length;
    if (depth > MANIFESTS_DEPTH) return;
    const isItself = name === basename(directory);
    if (isItself) touched.set(directory, true);
    const path = join(directory, name);
    const isAbove = depth < MANIFESTS_DEPTH && !isIgnored(relative(prefix, path));
    if (isAbove && !touched.has(path)) touched.set(path, false);
    if (isItself || isAbove) lookLater();
  }

  function lookLater(): void {
    if (isClosed || later !== undefined) return;
    const restMs = Math.max(DIRECTORIES_MS, restsUntil - performance.now());
    later = setTimeout(() => void (looking = look()), restMs);
  }

  async function look(): Promise<void> {
    const paths = [...touched];
    touched.clear();
    later = undefined;
    const followed = new Set(Object.keys(watcher.getWatched()));
    const unfollowed = await Promise.all(
      paths.map(([path, isItself]) => isUnfollowed(path, !isItself && followed.has(path))),
    );
    if (isStale || unfollowed.includes(true)) {
      isStale = false;
      restsUntil = performance.now() + REST_PER_START * startMs;
      await watcher.close();
      if (!isClosed) watcher = begin();
    }
    if (!isClosed) handlers.onDirectories();
  }

  function partsOf(path: string): string[] {
    return relative(prefix, path)
      .split("/")
      .filter((part) => part !== "");
  }

  function tell(path: string): void {
    const parts = partsOf(path);
    const dataset = parts.slice(0, DATASET_DEPTH).join("/");
    if (parts.length > DATASET_DEPTH && settings.includes(dataset)) handlers.onGrowth(dataset);
  }
}

/** Everything but vendor/dataset/version/manifests/processed.jsonl and what leads there. */
function isIgnored(path: string): boolean {
  if (path === "") return false;
  const parts = path.split("/");
  if (parts[0]?.startsWith(".") === true) return true;
  if (parts.length >= 4 && parts[3] !== "manifests") return true;
  return parts.length >= 5 && path.split("/").slice(4).join("/") !== "processed.jsonl";
}
