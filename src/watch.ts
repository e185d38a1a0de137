import { statfsSync } from "node:fs";
import { watch as watchFiles } from "chokidar";
import { relative } from "node:path";
import type { Settings } from "./config/settings.ts";

/** File systems whose changes elsewhere cause no events here (statfs magic numbers). */
const REMOTE = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x00c36400, 0x0bd00bd0,
]);
const POLL_MS = 1000;
const MANIFEST_DEPTH = 5;

/** A running watcher. */
export interface Watcher {
  close(): Promise<void>;
}

/** Who is told of what. */
export interface WatchHandlers {
  /** A dataset's manifest grew, came or went. */
  readonly onGrowth: (dataset: string) => void;
  /** From now on nothing is missed; what came before was. */
  readonly onReady: () => void;
  /** The watcher cannot see everything; passes by schedule go on. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watches the manifests below a prefix and the directories above them, never data. Polls where the
 * file system has no events, or when asked to.
 */
export function watchManifests(settings: Settings, handlers: WatchHandlers): Watcher {
  const { prefix } = settings;
  const usePolling = settings.watch === "poll" || isRemote(prefix);
  const watcher = watchFiles(prefix, {
    ignoreInitial: true,
    atomic: false,
    depth: MANIFEST_DEPTH,
    usePolling,
    interval: POLL_MS,
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

function isRemote(path: string): boolean {
  return REMOTE.has(statfsSync(path).type);
}
