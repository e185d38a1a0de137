import { schedule, type ScheduledTask } from "node-cron";
import { addFact, addFactDurably } from "./cache/facts.ts";
import { cacheIdentity, cachePath, type Db } from "./cache/open.ts";
import { nextRetryOf } from "./cache/totals.ts";
import type { Settings } from "./config/settings.ts";
import { errorCode, errorMessage, Failure } from "./errors.ts";
import { thisKernel } from "./load/cgroup.ts";
import { createGate, type Gate } from "./load/gate.ts";
import { type Log, logEvents } from "./log.ts";
import { threadedEffects } from "./effects.ts";
import { createPass, type Pass } from "./pass.ts";
import { bootIdOf, checkAfterPowerLoss } from "./power-loss.ts";
import { findSuspects } from "./suspects.ts";
import { type Synced, syncRegularly } from "./sync.ts";
import { createWake } from "./wake.ts";
import { watchManifests } from "./watch/watch.ts";
import type { Watcher } from "./watch/watcher.ts";

/** A drain makes way for new manifest lines after this many ms. */
const SLICE_MS = 200;
/** A busy host is looked at again after this many ms. */
const HELD_MS = 2000;

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
  readonly gate: Gate;
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
  const identity = cacheIdentity(settings.state);
  const suspects = findSuspects(db, { state: settings.state, bootId: bootIdOf() });
  let isCareful = suspects.isCareful();
  let shift = begin(settings);
  let stopping = false;
  let reloading = false;
  let wasClean = true;
  let isSwept = false;
  let syncFails = false;
  /** Why passes wait. */
  let held: string | undefined;
  let again: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;

  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", onHangup);
  addFactDurably(db, "cleanStop", "false");
  addFact(db, "passesWait", "");
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
      checkCache();
      if (!mayBegin()) continue;
      const isDrained = await onePass(work.datasets);
      if (isCareful && (isDrained || !suspects.isCareful())) await endCare();
    }
    addFact(db, "cleanStop", String(isSwept && wasClean && shift.wasClean()));
  } finally {
    stopSyncing();
    clearTimeout(deadline);
    clearTimeout(again);
    wake.end();
    await end(shift);
    process.off("SIGTERM", stop).off("SIGINT", stop).off("SIGHUP", onHangup);
  }
  log.info("stopped");

  /** What is written to a file without a name is lost, and nobody else sees it. */
  function checkCache(): void {
    if (cacheIdentity(settings.state) === identity) return;
    const message = `${cachePath(settings.state)} was removed or replaced: start again, to rebuild it`;
    throw new Failure("CACHE_UNUSABLE", message);
  }

  /** On a busy host passes wait; it is looked at again after a while. */
  function mayBegin(): boolean {
    const reason = shift.gate.busy();
    if (reason !== held) addFact(db, "passesWait", reason ?? "");
    if (reason !== undefined && held === undefined) log.info({ reason }, "passes wait");
    if (reason === undefined && held !== undefined) log.info("passes go on");
    held = reason;
    clearTimeout(again);
    if (held !== undefined) again = setTimeout(() => wake.all(), HELD_MS);
    return held === undefined;
  }

  /** Returns whether nothing that is due was left. */
  async function onePass(datasets: readonly string[] | undefined): Promise<boolean> {
    try {
      const { summary, unsettledUntil, ...done } = await shift.pass({
        ...(datasets === undefined ? {} : { datasets }),
        settles: false,
        isStopping: () => stopping,
        isOver: (drainedMs) =>
          (wake.isPending() && drainedMs > SLICE_MS) || shift.gate.busy() !== undefined,
        abandon: abandon.signal,
      });
      isSwept = done.isSwept;
      log[datasets === undefined ? "info" : "debug"](summary, "pass");
      if (unsettledUntil !== undefined)
        setTimeout(() => wake.all(), unsettledUntil - Date.now()).unref();
      wake.at(nextRetry(Date.now()) ?? Infinity);
      // What this pass has left, since the host became busy, is for the next one.
      if (shift.gate.busy() !== undefined) wake.all();
      return done.isDrained;
    } catch (error) {
      if (/^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? "")) throw error;
      log.error(
        { code: errorCode(error) ?? "UNEXPECTED", reason: errorMessage(error), err: error },
        "pass failed",
      );
      return false;
    }
  }

  function onSynced(done: Synced): void {
    if (done.synced > 0) log.debug(done, "samples synced");
    if (done.redone === 0) return;
    log.error(done, "samples are missing, broken or cannot be brought to disk; they are redone");
    wake.all();
  }

  /** Once: what fails stays to be synced, and is tried again all the time. */
  function onSyncError(error: unknown): void {
    if (syncFails) return;
    syncFails = true;
    log.warn({ code: errorCode(error), reason: errorMessage(error) }, "samples cannot be synced");
  }

  function begin(chosen: Settings): Shift {
    const gate = createGate(chosen.load, thisKernel);
    const threads = isCareful ? 1 : chosen.drain.threads;
    const effects = threadedEffects(chosen, { threads, guard: suspects.guard });
    const pass = createPass({ db, settings: chosen, effects, report: logEvents(log) });
    const cron = schedule(chosen.schedule, () => wake.all());
    let isTold = false;
    const onError = (error: unknown) => {
      if (!isTold)
        log.error({ reason: errorMessage(error) }, "watching fails; passes go on by schedule");
      isTold = true;
    };
    const handlers = {
      onGrowth: wake.one,
      onReady: wake.all,
      onDirectories: wake.all,
      onError,
    };
    const watcher = chosen.watch === false ? undefined : watchManifests(chosen, handlers);
    return {
      settings: chosen,
      gate,
      pass,
      cron,
      watcher,
      closeThreads: effects.close,
      wasClean: effects.wasClean,
    };
  }

  /** Those that were to be watched, in one thread, are done with. */
  async function endCare(): Promise<void> {
    isCareful = false;
    await replaceShift(shift.settings);
  }

  async function replaceShift(chosen: Settings): Promise<void> {
    const before = shift;
    shift = begin(chosen);
    await end(before);
    wasClean &&= before.wasClean();
  }

  async function changeShift(): Promise<void> {
    reloading = false;
    try {
      const chosen = reload();
      const moved =
        chosen.prefix !== shift.settings.prefix || chosen.state !== shift.settings.state;
      if (moved)
        throw new Error("prefix and state cannot change while the daemon runs: restart it");
      await replaceShift(chosen);
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
    if (stopping) {
      // What is in work did not end the process.
      void shift.closeThreads();
      return exitNow(1);
    }
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
