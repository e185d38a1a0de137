import { heedSignals } from "./signals.ts";
import type { Daemon } from "./state.ts";

/** Time to stop besides `stopSeconds`, ms: closing the cache writes its log back. */
const CLOSING_MS = 60_000;

/**
 * Handles signals: SIGTERM and SIGINT stop the daemon, a second one at once; SIGHUP reloads the
 * configuration. Returns the function that ends this.
 */
export function handleSignals(daemon: Daemon): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const release = heedSignals({ SIGTERM: stop, SIGINT: stop, SIGHUP: hangUp });
  return () => {
    clearTimeout(deadline);
    release();
  };

  function hangUp(): void {
    daemon.status.isReloadWanted = true;
    daemon.reporter.reloading();
    daemon.triggers.all();
  }

  function stop(signal: NodeJS.Signals): void {
    const { status, runtime, log, reporter, triggers, abort } = daemon;
    if (status.isStopping) {
      // What is in work did not end the process.
      void runtime.closeThreads();
      return daemon.exitNow(1);
    }
    status.isStopping = true;
    log.info({ signal }, "stopping");
    const stopMs = runtime.settings.stopSeconds * 1000;
    reporter.stopping(stopMs + CLOSING_MS);
    deadline = setTimeout(() => abort.abort(), stopMs);
    triggers.end();
  }
}
