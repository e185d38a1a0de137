import { statfsSync } from "node:fs";
import type { Settings } from "../config/settings.ts";
import { followEvents } from "./events.ts";
import { pollManifests } from "./poll.ts";
import type { Watcher, WatchHandlers } from "./watcher.ts";

/** File systems whose changes elsewhere cause no events here (statfs magic numbers). */
const REMOTE = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x00c36400, 0x0bd00bd0,
]);

/**
 * Watches the manifests below a prefix: by events, or by looking at them where the file system has
 * none, or when asked to.
 */
export function watchManifests(settings: Settings, handlers: WatchHandlers): Watcher {
  const polls = settings.watch === "poll" || REMOTE.has(statfsSync(settings.prefix).type);
  return polls ? pollManifests(settings, handlers) : followEvents(settings, handlers);
}
