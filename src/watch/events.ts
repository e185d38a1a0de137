import { watch as watchFiles } from "chokidar";
import { relative } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Watcher, WatchHandlers } from "./watcher.ts";

const MANIFEST_DEPTH = 5;

/** Watches the manifests below a prefix and the directories above them, never data. */
export function followEvents(settings: Settings, handlers: WatchHandlers): Watcher {
  const { prefix } = settings;
  const watcher = watchFiles(prefix, {
    ignoreInitial: true,
    atomic: false,
    depth: MANIFEST_DEPTH,
    ignored: (path) => isIgnored(relative(prefix, path)),
  });
  // Raw events as well: chokidar drops a change that leaves the file's mtime as it was, and a
  // file system's clock can stand still for some milliseconds.
  watcher.on("all", (_event, path) => tell(path));
  watcher.on("raw", (_event, _path, details) => {
    const { watchedPath } = details as { readonly watchedPath?: string };
    if (watchedPath !== undefined) tell(watchedPath);
  });
  watcher.on("ready", handlers.onReady);
  watcher.on("error", handlers.onError);
  return { close: () => watcher.close() };

  function tell(path: string): void {
    const parts = relative(prefix, path).split("/");
    const dataset = parts.slice(0, 3).join("/");
    if (parts.length >= 4 && settings.includes(dataset)) handlers.onGrowth(dataset);
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
