import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { isHidden, isUrl, shownBronze, whyNotBelow } from "../../lib/bronze-url.ts";
import type { Storages } from "../../storage/index.ts";
import { locationOf } from "../../storage/location.ts";
import type { RemoteOptions, RemoteSource } from "../../storage/source.ts";
import { createQuietHosts } from "./quiet-hosts.ts";
import { unsealed } from "../sealing.ts";

/**
 * Opens the object that a bronze URL names.
 * @throws Failure PATH_REFUSED where it is below no URL of `allowedRoots`; URL_EXPIRED where its query
 * is not known any more; as `openRemote`
 */
export type OpenRemoteBronze = (
  bronze: string,
  options: Omit<RemoteOptions, "storage">,
) => Promise<RemoteSource>;

/** Makes it, for one thread: its connections are used again. */
export function createRemoteBronze(settings: Settings): OpenRemoteBronze {
  const roots = settings.allowedRoots.filter(isUrl);
  const hosts = createQuietHosts();
  let storages: Promise<(url: URL) => Storages> | undefined;

  return async (bronze, options) => {
    const url = allowed(bronze, whole(bronze, settings.state), roots);
    // Most lakes have no such file, and a thread should not take memory for what it does not do.
    const { openRemote } = await import("../../storage/source.ts");
    storages ??= storagesFor(settings, roots);
    const storage = (await storages)(url).of(url);
    return hosts.open(url.host, options.signal, () => openRemote(url, { ...options, storage }));
  };
}

/** @throws Failure PATH_REFUSED */
function allowed(bronze: string, text: string, roots: readonly string[]): URL {
  const why = whyNotBelow(text, roots);
  if (why !== undefined) throw new Failure("PATH_REFUSED", `${shownBronze(bronze)}: ${why}`);
  try {
    return locationOf(text);
  } catch (error) {
    throw new Failure("PATH_REFUSED", `${shownBronze(bronze)}: names no object`, { cause: error });
  }
}

/** Makes the storages: what a web server leads to has to be allowed, too; the endpoints of buckets are ours. */
async function storagesFor(
  { endpoints, staging: { caFile } }: Settings,
  roots: readonly string[],
): Promise<(url: URL) => Storages> {
  const { storagesOf } = await import("../../storage/storages-of.ts");
  const names = new Set(roots.map((root) => new URL(root).hostname.replace(/^\[|\]$/g, "")));
  const guard = { mayAsk: (host: string) => names.has(host), mayReach: () => true };
  const guarded = storagesOf({ endpoints, caFile }, guard);
  const ours = storagesOf({ endpoints, caFile });
  return ({ protocol }) => (protocol === "s3:" ? ours : guarded);
}

function whole(bronze: string, state: string): string {
  const url = isHidden(bronze) ? undefined : unsealed(bronze, state);
  if (url !== undefined) return url;
  const why = "its query is not known any more: append a line with the URL as it is now";
  throw new Failure("URL_EXPIRED", `${shownBronze(bronze)}: ${why}`);
}
