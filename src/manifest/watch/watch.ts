import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { followEvents } from "./events.ts";
import { pollManifests } from "./poll.ts";
import { isRemote } from "../../lake/remote.ts";
import type { Watcher, WatchHandlers } from "./types.ts";

/**
 * Watches the manifests below a prefix: by events; or by polling, where the file system of the
 * prefix or of a vendor has no events, or when asked to.
 */
export function watchManifests(settings: Settings, handlers: WatchHandlers): Watcher {
  const polls = settings.watch === "poll" || hasRemote(settings.prefix);
  return polls ? pollManifests(settings, handlers) : followEvents(settings, handlers);
}

function hasRemote(prefix: string): boolean {
  if (isRemote(prefix)) return true;
  const entries = readdirSync(prefix, { withFileTypes: true });
  const vendors = entries.filter((each) => each.isDirectory() || each.isSymbolicLink());
  return vendors.some(({ name }) => {
    try {
      return isRemote(join(prefix, name));
    } catch {
      // Gone, or not for us: the pass says so.
      return false;
    }
  });
}
