import { schedule, type ScheduledTask } from "node-cron";
import { addFact, addFactDurably } from "./cache/facts.ts";
import type { Db } from "./cache/open.ts";
import { nextRetryOf } from "./cache/totals.ts";
import type { Settings } from "./config/settings.ts";
import { errorCode, errorMessage } from "./errors.ts";
import { type Log, logEvents } from "./log.ts";
import { createPass, type Pass, threadedEffects } from "./pass.ts";
import { bootIdOf, checkAfterPowerLoss } from "./power-loss.ts";
import { type Synced, syncRegularly } from "./sync.ts";
import { createWake } from "./wake.ts";
import { type Watcher, watchManifests } from "./watch.ts";

/** A drain makes way for new manifest lines after this many ms. */
const SLICE_MS = 200;

/** What the daemon needs. */
export interface DaemonOptions {
  readonly db: Db;
  readonly settings: Settings;
  readonly log: Log;
  /** Reads the configuration anew. @throws Failure CONFIG_INVALID */
  readonly reload: () => Settings;
  /** Ends the process at once. */
  readonly exitNow: (code: number) => void;
}

/** What depends on the configuration and is made anew when that is read again. */
interface Shift {
  readonly settings: Settings;
  readonly pass: Pass;
  readonly cron: ScheduledTask;
  readonly watcher: Watcher | undefined;
  readonly closeThreads: () => Promise<void>;
  readonly wasClean: () => boolean;
}

/**
 * Runs passes by schedule, as soon as a manifest grows, and when a retry is due, never two at
 * once, until SIGTERM or SIGINT. Then it takes nothing new, gives what is in flight `stopSeconds`,
 * commits and returns. SIGHUP reads the configuration again.
 * @throws what a broken cache throws
 */
export async function runDaemon({
  db,
  settings,
  log,
  reload,
  exitNow,
}: DaemonOptions): Promise<void> {
  const wake = createWake();
  const abandon = new AbortController();
  const nextRetry = nextRetryOf(db);
  let shift = begin(settings);
  let stopping = false;
  let reloading = false;
  let wasClean = true;
  let syncFails = false;
  let deadline: NodeJS.Timeout | undefined;

  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", onHangup);
  addFactDurably(db, "cleanStop", "false");
  const stopSyncing = syncRegularly(
    { db, prefix: settings.prefix },
    { onSynced, onError: onSyncError },
  );
  try {
    const isStopping = () => stopping;
    const checked = await checkAfterPowerLoss({ db, settings, bootId: bootIdOf(), isStopping });
    if (checked !== undefined)
      log[checked.redone > 0 ? "warn" : "info"](checked, "samples checked that were not synced");
    log.info({ prefix: settings.prefix, config: settings.file ?? null }, "started");
    wake.all();
    for (let work = await wake.next(); work !== undefined; work = await wake.next()) {
      if (reloading) await changeShift();
      await onePass(work.datasets);
    }
    addFact(db, "cleanStop", String(wasClean && shift.wasClean()));
  } finally {
    stopSyncing();
    clearTimeout(deadline);
    wake.end();
    await end(shift);
    process.off("SIGTERM", stop).off("SIGINT", stop).off("SIGHUP", onHangup);
  }
  log.info("stopped");

  async function onePass(datasets: readonly string[] | undefined): Promise<void> {
    try {
      const { summary, unsettledUntil } = await shift.pass({
        ...(datasets === undefined ? {} : { datasets }),
        settles: false,
        isStopping: () => stopping,
        isOver: (drainedMs) => wake.isPending() && drainedMs > SLICE_MS,
        abandon: abandon.signal,
      });
      log[datasets === undefined ? "info" : "debug"](summary, "pass");
      if (unsettledUntil !== undefined)
        setTimeout(() => wake.all(), unsettledUntil - Date.now()).unref();
      wake.at(nextRetry(Date.now()) ?? Infinity);
    } catch (error) {
      if (/^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? "")) throw error;
      log.error(
        { code: errorCode(error) ?? "UNEXPECTED", reason: errorMessage(error), err: error },
        "pass failed",
      );
    }
  }

  function onSynced(done: Synced): void {
    if (done.synced > 0) log.debug(done, "samples synced");
    if (done.redone === 0) return;
    log.error(done, "samples could not be brought to disk; they are redone");
    wake.all();
  }

  /** Once: what fails stays to be synced, and is tried again all the time. */
  function onSyncError(error: unknown): void {
    if (syncFails) return;
    syncFails = true;
    log.warn({ code: errorCode(error), reason: errorMessage(error) }, "samples cannot be synced");
  }

  function begin(chosen: Settings): Shift {
    const effects = threadedEffects(chosen);
    const pass = createPass({ db, settings: chosen, effects, report: logEvents(log) });
    const cron = schedule(chosen.schedule, () => wake.all());
    const onError = (error: unknown) =>
      log.error({ reason: errorMessage(error) }, "watching fails; passes go on by schedule");
    const handlers = { onGrowth: wake.one, onReady: wake.all, onError };
    const watcher = chosen.watch === false ? undefined : watchManifests(chosen, handlers);
    return {
      settings: chosen,
      pass,
      cron,
      watcher,
      closeThreads: effects.close,
      wasClean: effects.wasClean,
    };
  }

  async function changeShift(): Promise<void> {
    reloading = false;
    try {
      const chosen = reload();
      const moved =
        chosen.prefix !== shift.settings.prefix || chosen.state !== shift.settings.state;
      if (moved)
        throw new Error("prefix and state cannot change while the daemon runs: restart it");
      const before = shift;
      shift = begin(chosen);
      await end(before);
      wasClean &&= before.wasClean();
      log.level = chosen.log.level;
      log.info({ config: chosen.file ?? null }, "configuration read again");
    } catch (error) {
      log.error({ reason: errorMessage(error) }, "configuration refused; the old one stays");
    }
  }

  function onHangup(): void {
    reloading = true;
    wake.all();
  }

  function stop(signal: NodeJS.Signals): void {
    if (stopping) return exitNow(1);
    stopping = true;
    log.info({ signal }, "stopping");
    deadline = setTimeout(() => abandon.abort(), shift.settings.stopSeconds * 1000);
    wake.end();
  }
}

async function end({ cron, watcher, closeThreads }: Shift): Promise<void> {
  await cron.destroy();
  await watcher?.close();
  await closeThreads();
}
