import { Failure } from "../errors.ts";
import { keepSynced } from "../sampling/upkeep/keep-synced.ts";
import { handleSignals } from "./handle-signals.ts";
import { holdBack } from "./hold-back.ts";
import { keepLock, watchLock } from "./keep-lock.ts";
import { endSingleThread, reload } from "./reload.ts";
import { runPass } from "./run-pass.ts";
import { recover } from "./startup.ts";
import { createDaemon, type Daemon, type DaemonOptions } from "./state.ts";
import type { PassRequest } from "./triggers.ts";
import { storeIdentity, storeName } from "../store/open.ts";

/** Time in which hooks may be told what was gathered before the end, ms. */
const HOOKS_MS = 3000;

/**
 * Runs passes by schedule, as soon as a manifest grows, and when a retry is due, never two at
 * once, until SIGTERM or SIGINT. Then it takes nothing new, gives what is in flight `stopSeconds`,
 * commits and returns. SIGHUP reads the configuration again.
 * @throws what a broken cache throws
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { store, settings, log } = options;
  const daemon = await createDaemon(options);
  const { status, triggers } = daemon;
  const releaseSignals = handleSignals(daemon);
  watchLock(daemon);
  const stopSyncing = keepSynced({ store: store.upkeep, settings, log, onRedone: triggers.all });
  try {
    await store.process.setPassesWait(null);
    await store.process.setPassFailure(null);
    await start(daemon);
    for (let next = await nextRequest(daemon); next; next = await nextRequest(daemon)) {
      if (status.isReloadWanted) await reload(daemon);
      checkCache(daemon);
      if (!(await keepLock(daemon)) || (await holdBack(daemon))) continue;
      const isDrained = await runPass(daemon, next);
      const isOver = isDrained || !daemon.quarantine.isSingleThreaded();
      if (status.isSingleThreaded && isOver) await endSingleThread(daemon);
    }
    const isClean = status.isCleanedUp && status.wasClean && daemon.runtime.wasClean();
    if (isClean) await store.process.setStoppedCleanly();
  } finally {
    daemon.reporter.end();
    stopSyncing();
    clearTimeout(status.lookAgain);
    triggers.end();
    await daemon.runtime.end();
    await daemon.hooks.close(AbortSignal.timeout(HOOKS_MS));
    await daemon.server.close();
    releaseSignals();
  }
  log.info("stopped");
}

/**
 * Checks the samples after a power loss, reports that the daemon is ready, and asks for the first
 * pass.
 */
async function start(daemon: Daemon): Promise<void> {
  const { log, reporter, settings, status, triggers, liveness } = daemon;
  const checked = await recover({
    ...daemon,
    isStopping() {
      reporter.starts();
      liveness.progressed();
      return status.isStopping;
    },
  });
  if (checked !== undefined)
    log[checked.redone > 0 ? "warn" : "info"](checked, "samples checked that were not synced");
  log.info({ prefix: settings.prefix, config: settings.file ?? null }, "started");
  status.isReady = !status.isStopping;
  if (status.isReady) reporter.ready();
  triggers.all();
}

/** Waits for a reason to work; undefined once the daemon is to stop. */
async function nextRequest({ liveness, triggers }: Daemon): Promise<PassRequest | undefined> {
  liveness.idle();
  const request = await triggers.next();
  liveness.progressed();
  return request;
}

/**
 * Ends the daemon where its cache file was removed: anything written there is lost.
 * @throws Failure CACHE_UNUSABLE
 */
function checkCache({ settings, storeIdentity: identity }: Daemon): void {
  if (storeIdentity(settings) === identity) return;
  const message = `${storeName(settings)} was removed or replaced: start again, to rebuild it`;
  throw new Failure("CACHE_UNUSABLE", message);
}
