import { watch as watchFiles } from "chokidar";
import { relative } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Watcher, WatchHandlers } from "./watcher.ts";

const DATASET_DEPTH = 3;
const MANIFEST_DEPTH = 5;
/** chokidar reads a directory once a second at most, and passes over what changes meanwhile. */
const DIRECTORIES_MS = 2000;

/** Watches the manifests below a prefix and the directories above them, never data. */
export function followEvents(settings: Settings, handlers: WatchHandlers): Watcher {
  const { prefix } = settings;
  let later: NodeJS.Timeout | undefined;
  const watcher = watchFiles(prefix, {
    ignoreInitial: true,
    atomic: false,
    depth: MANIFEST_DEPTH,
    ignored: (path) => isIgnored(relative(prefix, path)),
  });
  // Raw events as well: chokidar drops a change that leaves the file's mtime as it was, and a
  // file system's clock can stand still for some milliseconds.
  watcher.on("all", (_event, path) => tell(path));
  watcher.on("raw", (event, _path, details) => {
    const { watchedPath } = details as { readonly watchedPath?: string };
    if (watchedPath === undefined) return;
    tell(watchedPath);
    const isAbove = partsOf(watchedPath).length < DATASET_DEPTH;
    if (event === "rename" && isAbove) later ??= setTimeout(tellDirectories, DIRECTORIES_MS);
  });
  watcher.on("ready", handlers.onReady);
  watcher.on("error", handlers.onError);
  return {
    close() {
      clearTimeout(later);
      return watcher.close();
    },
  };

  function partsOf(path: string): string[] {
    return relative(prefix, path)
      .split("/")
      .filter((part) => part !== "");
  }

  function tellDirectories(): void {
    later = undefined;
    handlers.onDirectories();
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
