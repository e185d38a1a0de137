import type { Daemon } from "./state.ts";

/** Time until a busy host is looked at again, ms. */
const LOOK_AGAIN_MS = 2000;

/**
 * Returns true when the host is too busy for a pass; then asks for the pass again after a while.
 */
export async function holdBack(daemon: Daemon): Promise<boolean> {
  const { store, log, reporter, runtime, status, triggers } = daemon;
  const reason = runtime.admission.busy();
  if (reason !== status.passesWait) {
    await store.process.setPassesWait(reason ?? null);
    reporter.waits(reason);
  }
  if (reason !== undefined && status.passesWait === undefined) log.info({ reason }, "passes wait");
  if (reason === undefined && status.passesWait !== undefined) log.info("passes go on");
  status.passesWait = reason;
  clearTimeout(status.lookAgain);
  if (reason !== undefined) status.lookAgain = setTimeout(triggers.all, LOOK_AGAIN_MS);
  return reason !== undefined;
}
