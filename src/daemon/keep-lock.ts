import type { Daemon } from "./state.ts";

/** Time until a database that is away is looked for again, ms. */
const LOOK_AGAIN_MS = 1000;
const AWAY = "the database does not answer";

/**
 * Takes the lock again where it was lost. False while the database that has it is away: nothing is
 * done then, and after a while it is looked for again.
 * @throws Failure ALREADY_RUNNING where another process has the lock; CACHE_UNUSABLE
 */
export async function keepLock(daemon: Daemon): Promise<boolean> {
  const { lock, log, reporter, status, triggers } = daemon;
  const reason = await lock.keep();
  if (reason !== undefined) {
    log.warn({ reason }, "lock taken again");
    watchLock(daemon);
  }
  const isAway = lock.lost.aborted;
  if (isAway && status.passesWait !== AWAY) log.warn({ reason: AWAY }, "passes wait");
  if (isAway) {
    status.passesWait = AWAY;
    reporter.waits(AWAY);
    clearTimeout(status.lookAgain);
    status.lookAgain = setTimeout(triggers.all, LOOK_AGAIN_MS);
  }
  return !isAway;
}

/** Has the loop look at once where the lock is lost while nothing is to be done. */
export function watchLock({ lock, triggers }: Pick<Daemon, "lock" | "triggers">): void {
  lock.lost.addEventListener("abort", triggers.all, { once: true });
}
