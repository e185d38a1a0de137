import { addFact, addFactDurably } from "../store/sqlite/meta.ts";
import type { Lock } from "../store/sqlite/lock.ts";
import { cacheIdentity, cachePath, type Db } from "../store/sqlite/open.ts";
import { nextRetryOf } from "../store/sqlite/queries/totals.ts";
import type { Settings } from "../config/settings.ts";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import type { Live } from "../http/state.ts";
import { startServer } from "../http/supervisor.ts";
import { keepSynced } from "../sampling/upkeep/keep-synced.ts";
import type { Log } from "../log/log.ts";
import { logEvents } from "../sampling/log-events.ts";
import type { Notify } from "./systemd/notify.ts";
import type { PassEvent } from "../sampling/events.ts";
import { bootIdOf, checkAfterPowerLoss } from "../sampling/upkeep/power-loss.ts";
import { longestJobMs } from "../config/longest-job.ts";
import { createPulse } from "./liveness.ts";
import { createService } from "./systemd/reporter.ts";
import { beginShift, type Shift } from "./runtime.ts";
import { heedSignals } from "./signals.ts";
import { isIdle } from "../sampling/summary.ts";
import { troubleOf } from "../inspect/health.ts";
import { findSuspects } from "../workers/quarantine.ts";
import { createTrim } from "../system/malloc-trim.ts";
import { createWake, type Work } from "./triggers.ts";

/** A drain makes way for new manifest lines after this many ms. */
const SLICE_MS = 200;
/** A busy host is looked at again after this many ms. */
const HELD_MS = 2000;
/** What the end takes besides `stopSeconds`: closing the cache writes its log back, ms. */
const CLOSING_MS = 60_000;

/** What the daemon needs. */
export interface DaemonOptions {
  readonly db: Db;
  readonly settings: Settings;
  readonly lock: Lock;
  readonly log: Log;
  /** Told how the daemon stands. */
  readonly notify: Notify;
  /** Reads the configuration anew. @throws Failure CONFIG_INVALID */
  readonly reload: () => Settings;
  /** Ends the process at once. */
  readonly exitNow: (code: number) => void;
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
  lock,
  log,
  notify,
  reload,
  exitNow,
}: DaemonOptions): Promise<void> {
  const wake = createWake();
  const logEvent = logEvents(log);
  const abandon = new AbortController();
  const nextRetry = nextRetryOf(db);
  const identity = cacheIdentity(settings.state);
  const suspects = findSuspects(db, { state: settings.state, bootId: bootIdOf() });
  let isCareful = suspects.isCareful();
  const pulse = createPulse();
  const trim = createTrim();
  let shift = begin(settings);
  const longest = () => longestJobMs(shift.settings);
  const isSampled = (dataset: string) => shift.settings.offReason(dataset) === undefined;
  const service = createService({ db, log, notify, pulse, longestJobMs: longest, isSampled });
  let stopping = false;
  let reloading = false;
  let wasClean = true;
  let isSwept = false;
  let isReady = false;
  /** Threads that had to be replaced in earlier shifts. */
  let replaced = 0;
  /** Why the last pass failed. */
  let passFailure: string | null = null;
  /** Why passes wait. */
  let held: string | undefined;
  let again: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const server = startServer({ settings, log, live });

  const endHeeding = heedSignals({ SIGTERM: stop, SIGINT: stop, SIGHUP: onHangup });
  addFactDurably(db, "cleanStop", "false");
  addFact(db, "passesWait", "");
  addFact(db, "passFailure", "");
  const stopSyncing = keepSynced({ db, settings, log, onRedone: wake.all });
  try {
    const checked = await checkAfterPowerLoss({
      db,
      settings,
      bootId: bootIdOf(),
      isStopping() {
        service.starts();
        return isStopping();
      },
    });
    if (checked !== undefined)
      log[checked.redone > 0 ? "warn" : "info"](checked, "samples checked that were not synced");
    log.info({ prefix: settings.prefix, config: settings.file ?? null }, "started");
    isReady = !stopping;
    if (isReady) service.ready();
    wake.all();
    for (let work = await nextWork(); work !== undefined; work = await nextWork()) {
      if (reloading) await changeShift();
      checkCache();
      keepLock();
      if (!mayBegin()) continue;
      const isDrained = await onePass(work.datasets);
      if (isCareful && (isDrained || !suspects.isCareful())) await endCare();
    }
    addFact(db, "cleanStop", String(isSwept && wasClean && shift.wasClean()));
  } finally {
    service.end();
    stopSyncing();
    clearTimeout(deadline);
    clearTimeout(again);
    wake.end();
    await shift.end();
    await server.close();
    endHeeding();
  }
  log.info("stopped");

  /** What page, health and metrics say of us. */
  function live(): Live {
    const workerRestarts = replaced + shift.replaced();
    const passesWait = held ?? null;
    return { isReady, pulse: pulse.state(), passesWait, passFailure, workerRestarts };
  }

  async function nextWork(): Promise<Work | undefined> {
    pulse.rest();
    const work = await wake.next();
    pulse.beat();
    return work;
  }

  /** Whoever asks has got on to where it could be left. */
  function isStopping(): boolean {
    pulse.beat();
    return stopping;
  }

  function report(event: PassEvent): void {
    pulse.beat();
    if (event.type === "settled") service.settled();
    else service.changed();
    server.observe(event);
    logEvent(event);
  }

  /** What is written to a file without a name is lost, and nobody else sees it. */
  function checkCache(): void {
    if (cacheIdentity(settings.state) === identity) return;
    const message = `${cachePath(settings.state)} was removed or replaced: start again, to rebuild it`;
    throw new Failure("CACHE_UNUSABLE", message);
  }

  /** Without its file others cannot see who runs. */
  function keepLock(): void {
    if (lock.keep()) log.warn("daemon.lock was removed or replaced; it is made again");
  }

  /** On a busy host passes wait; it is looked at again after a while. */
  function mayBegin(): boolean {
    const reason = shift.gate.busy();
    if (reason !== held) {
      addFact(db, "passesWait", reason ?? "");
      service.waits(reason);
    }
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
      const { summary, unsettledMs, ...done } = await shift.pass({
        ...(datasets === undefined ? {} : { datasets }),
        settles: false,
        isStopping,
        isOver: (drainedMs) =>
          (wake.isPending() && drainedMs > SLICE_MS) || shift.gate.busy() !== undefined,
        abandon: abandon.signal,
      });
      isSwept = done.isSwept;
      if (datasets === undefined) server.passed({ summary, isDrained: done.isDrained });
      if (passFailure !== null) addFact(db, "passFailure", "");
      passFailure = null;
      if (datasets === undefined || summary.errors + summary.paused > 0)
        service.passed(troubleOf(summary));
      log[datasets === undefined ? "info" : "debug"](summary, "pass");
      // Looking at 1,000 datasets leaves a megabyte; V8 by itself would let that come to ten or more.
      if (datasets === undefined && isIdle(summary)) globalThis.gc?.();
      trim();
      if (unsettledMs !== undefined) setTimeout(() => wake.all(), unsettledMs).unref();
      // What this pass has left, since the host was busy, is for the next one: it may be so no more.
      const isLeft = !done.isDrained && !wake.isPending();
      wake.at(isLeft ? Date.now() : (nextRetry(Date.now()) ?? Infinity));
      if (shift.gate.busy() !== undefined) wake.all();
      return done.isDrained;
    } catch (error) {
      if (/^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? "")) throw error;
      const code = errorCode(error) ?? "UNEXPECTED";
      const failure = `${code}: ${errorMessage(error)}`;
      service.passed(`passes fail: ${failure}`);
      // Each reason to work is one more try; the log has what is wrong once.
      if (failure !== passFailure) {
        log.error({ code, reason: errorMessage(error), err: error }, "pass failed");
        rememberFailure(failure);
      }
      passFailure = failure;
      return false;
    }
  }

  /** For those who look at the cache. Where that is what fails, the log has said so. */
  function rememberFailure(failure: string): void {
    try {
      addFact(db, "passFailure", failure);
    } catch (error) {
      log.debug({ reason: errorMessage(error) }, "the cache cannot remember why passes fail");
    }
  }

  function begin(chosen: Settings): Shift {
    const { guard } = suspects;
    return beginShift({ db, settings: chosen, log, wake, isCareful, guard, report });
  }

  /** Those that were to be watched, in one thread, are done with. */
  async function endCare(): Promise<void> {
    isCareful = false;
    await replaceShift(shift.settings);
  }

  async function replaceShift(chosen: Settings): Promise<void> {
    const before = shift;
    shift = begin(chosen);
    // At once: its end may take a while, and a count that is shown never falls.
    replaced += before.replaced();
    await before.end();
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
      await server.change(chosen);
      log.level = chosen.log.level;
      log.info({ config: chosen.file ?? null }, "configuration read again");
      service.reloaded();
    } catch (error) {
      const reason = errorMessage(error);
      log.error({ reason }, "configuration refused; the old one stays");
      service.reloaded(reason);
    }
  }

  function onHangup(): void {
    reloading = true;
    service.reloading();
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
    service.stopping(shift.settings.stopSeconds * 1000 + CLOSING_MS);
    deadline = setTimeout(() => abandon.abort(), shift.settings.stopSeconds * 1000);
    wake.end();
  }
}
