import type { Settings } from "../config/settings.ts";
import { errorMessage } from "../errors.ts";
import { type Daemon, runtimeFor } from "./state.ts";

/** Reads the configuration again; a refused one leaves everything as it was. */
export async function reload(daemon: Daemon): Promise<void> {
  const { runtime, status, server, log, reporter } = daemon;
  status.isReloadWanted = false;
  try {
    const settings = await daemon.reload();
    const { prefix, state, database } = runtime.settings;
    const isMoved =
      settings.prefix !== prefix || settings.state !== state || settings.database !== database;
    if (isMoved)
      throw new Error("prefix, state and database cannot change while the daemon runs: restart it");
    await replaceRuntime(daemon, settings);
    await server.change(settings);
    daemon.hooks.change(settings);
    log.level = settings.log.level;
    log.info({ config: settings.file ?? null }, "configuration read again");
    reporter.reloaded();
  } catch (error) {
    const reason = errorMessage(error);
    log.error({ reason }, "configuration refused; the old one stays");
    reporter.reloaded(reason);
  }
}

/** Lets all threads work again: the files that one thread was to show are done. */
export async function endSingleThread(daemon: Daemon): Promise<void> {
  daemon.status.isSingleThreaded = false;
  await replaceRuntime(daemon, daemon.runtime.settings);
}

async function replaceRuntime(daemon: Daemon, settings: Settings): Promise<void> {
  const { runtime: before, status } = daemon;
  daemon.runtime = await runtimeFor(daemon, settings);
  // At once: its end may take a while, and a count that is shown never falls.
  status.replacedThreads += before.replaced();
  await before.end();
  status.wasClean &&= before.wasClean();
}
