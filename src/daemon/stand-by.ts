import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { takeLock } from "../store/open.ts";
import type { Lock } from "../store/types.ts";
import { holdSignals, releaseSignals } from "./signals.ts";
import type { Notify } from "./systemd/notify.ts";

/** Time between two tries, ms. */
const AGAIN_MS = 2000;
/** Time for which systemd is asked with each try, ms. */
const EXTEND_MS = 60_000;

/**
 * Takes the lock, of a database together with other hosts. Where somebody works on it alone (`run --once`,
 * `prune`, `forget`), it stands by until that ends.
 * @throws Failure ALREADY_RUNNING for a cache; CACHE_UNUSABLE
 */
export async function standBy(
  settings: Settings,
  { log, notify }: { readonly log: Log; readonly notify: Notify },
): Promise<Lock> {
  for (let told: string | undefined; ;) {
    try {
      const lock = await takeLock(settings, { isShared: true });
      if (told !== undefined) holdSignals();
      return lock;
    } catch (error) {
      const isTaken = error instanceof Failure && error.code === "ALREADY_RUNNING";
      if (!isTaken || settings.database === undefined) throw error;
      // Nothing is to be done before the end: a signal ends the process at once. SIGHUP would have
      // the configuration read again, which has its time when the work begins.
      if (told === undefined) releaseSignals(["SIGTERM", "SIGINT"]);
      if (error.message !== told) log.info({ reason: error.message }, "standing by");
      told = error.message;
      notify.send({ status: `standing by: ${told}`, extendMs: EXTEND_MS });
    }
    await sleep(AGAIN_MS);
  }
}
