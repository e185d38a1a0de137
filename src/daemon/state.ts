import { logEvents } from "../sampling/log-events.ts";
import { createHooks, type Hooks } from "../hooks/hooks.ts";
import { longestJobMs } from "../config/longest-job.ts";
import type { Settings } from "../config/settings.ts";
import type { Live } from "../http/state.ts";
import { type PageServer, startServer } from "../http/supervisor.ts";
import type { Log } from "../log/log.ts";
import type { PassEvent } from "../sampling/events.ts";
import { createTrim } from "../system/malloc-trim.ts";
import type { Quarantine } from "../workers/quarantine.ts";
import { createLiveness, type LivenessTracker } from "./liveness.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import { quarantineFor } from "./startup.ts";
import type { Notify } from "./systemd/notify.ts";
import { createReporter, type Reporter } from "./systemd/reporter.ts";
import { createTriggers, type Triggers } from "./triggers.ts";
import type { Store } from "../store/store.ts";
import type { Lock } from "../store/types.ts";
import { storeIdentity } from "../store/open.ts";

/** Options of `runDaemon`. */
export interface DaemonOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly lock: Lock;
  readonly log: Log;
  /** Reports to systemd. */
  readonly notify: Notify;
  /** Reads the configuration again. @throws Failure CONFIG_INVALID */
  readonly reload: () => Promise<Settings>;
  /** Ends the process at once. */
  readonly exitNow: (code: number) => void;
}

/** The running daemon: state that its loop, reload and signals share. */
export interface Daemon extends DaemonOptions {
  readonly triggers: Triggers;
  readonly liveness: LivenessTracker;
  readonly quarantine: Quarantine;
  readonly reporter: Reporter;
  readonly server: PageServer;
  readonly hooks: Hooks;
  /** Aborts what is in flight. */
  readonly abort: AbortController;
  /** Identity of the store, to notice one that was put in its place. */
  readonly storeIdentity: string | undefined;
  /** Gives free memory back to the system, now and then. */
  readonly trim: () => void;
  /** Takes the events of passes, for log, server, reporter and watchdog. */
  readonly report: (event: PassEvent) => void;
  /** The parts that depend on the configuration; a reload replaces them. */
  runtime: Runtime;
  readonly status: DaemonStatus;
}

/** The changing state of the daemon. */
export interface DaemonStatus {
  isReady: boolean;
  isStopping: boolean;
  isReloadWanted: boolean;
  /** True while one thread works, which shows at which file the process dies. */
  isSingleThreaded: boolean;
  /** False once a job of an earlier runtime was ended from outside. */
  wasClean: boolean;
  /** False while temporary files may be left that were not looked for yet. */
  isCleanedUp: boolean;
  /** Threads that had to be replaced in earlier runtimes. */
  replacedThreads: number;
  /** The reason why the last pass failed as a whole; null when it did not. */
  passFailure: string | null;
  /** The reason why passes wait while the host is busy; undefined when they do not. */
  passesWait: string | undefined;
  /** True once it was told that the clock differs from the database's. */
  isSkewTold: boolean;
  /** Timer that asks for a pass while the host is busy, the database away, or after a pass that failed. */
  lookAgain: NodeJS.Timeout | undefined;
}

/** Creates the daemon; schedule and manifests give reasons to work from then on. @throws Failure */
export async function createDaemon(options: DaemonOptions): Promise<Daemon> {
  const { store, settings, log, notify } = options;
  const [triggers, liveness] = [createTriggers(), createLiveness()];
  const quarantine = await quarantineFor(store, settings);
  const parts = {
    ...options,
    triggers,
    liveness,
    quarantine,
    status: { ...BEGINNING, isSingleThreaded: quarantine.isSingleThreaded() },
    abort: new AbortController(),
    storeIdentity: storeIdentity(settings),
    trim: createTrim(),
    report,
  };
  const hooks = createHooks({
    settings,
    onFailed: (failed) => log.error(failed, "hook failed"),
    onCut: (cut) => log.warn(cut, "hook lists only a part"),
  });
  const running = Object.assign(parts, {
    hooks,
    runtime: await runtimeFor(parts, settings),
  });
  const reporter = createReporter({
    queries: store.queries,
    log,
    notify,
    liveness,
    longestJobMs: () => longestJobMs(running.runtime.settings),
    isSampled: (dataset) => running.runtime.settings.offReason(dataset) === undefined,
  });
  store.turns?.watch(() => triggers.at(Date.now()));
  const server = startServer({ settings, log, live: () => liveOf(running) });
  const logEvent = logEvents(log);
  return Object.assign(running, { reporter, server });

  function report(event: PassEvent): void {
    // Looks go on beside the passes, and would hide that these hang.
    if (!/^(looked|crowded|unlisted)$/.test(event.type)) liveness.progressed();
    if (event.type === "settled") reporter.settled();
    else reporter.changed();
    server.observe(event);
    hooks.observe(event);
    logEvent(event);
  }
}

const BEGINNING: DaemonStatus = {
  isReady: false,
  isStopping: false,
  isReloadWanted: false,
  isSingleThreaded: false,
  wasClean: true,
  isCleanedUp: false,
  replacedThreads: 0,
  passFailure: null,
  passesWait: undefined,
  isSkewTold: false,
  lookAgain: undefined,
};

/** Begins a runtime for a configuration. @throws Failure */
export function runtimeFor(
  daemon: Pick<Daemon, "store" | "log" | "triggers" | "quarantine" | "status" | "report">,
  settings: Settings,
): Promise<Runtime> {
  const { store, log, triggers, quarantine, status, report } = daemon;
  const { isSingleThreaded } = status;
  const { guard } = quarantine;
  return createRuntime({ store, settings, log, triggers, isSingleThreaded, guard, report });
}

/** The state that page, health and metrics show. */
function liveOf({
  store,
  status,
  runtime,
  liveness,
  hooks,
}: Pick<Daemon, "store" | "status" | "runtime" | "liveness" | "hooks">): Live {
  return {
    isReady: status.isReady,
    liveness: liveness.state(),
    passesWait: status.passesWait ?? null,
    passFailure: status.passFailure,
    turns: store.turns?.figures() ?? null,
    workerRestarts: status.replacedThreads + runtime.replaced(),
    hooks: hooks.counts(),
  };
}
