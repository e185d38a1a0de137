import type { Db } from "../store/sqlite/open.ts";
import type { Settings } from "../config/settings.ts";
import { threadedEffects } from "../sampling/effects.ts";
import { errorMessage } from "../errors.ts";
import { thisKernel } from "../load/cgroup.ts";
import { createGate, type Gate } from "../load/gate.ts";
import type { Log } from "../log/log.ts";
import type { PassEvent } from "../sampling/events.ts";
import { createPass, type Pass } from "../sampling/pass.ts";
import { beginSchedule } from "./schedule.ts";
import type { Suspects } from "../workers/quarantine.ts";
import type { Wake } from "./triggers.ts";
import { watchManifests } from "../manifest/watch/watch.ts";

/** What depends on the configuration and is made anew when that is read again. */
export interface Shift {
  readonly settings: Settings;
  readonly gate: Gate;
  readonly pass: Pass;
  /** Ends the threads without waiting for what they are at. */
  readonly closeThreads: () => Promise<void>;
  readonly wasClean: () => boolean;
  /** How many threads had to be replaced. */
  readonly replaced: () => number;
  /** Ends schedule, watching and threads. */
  readonly end: () => Promise<void>;
}

/** What it needs. */
export interface ShiftOptions {
  readonly db: Db;
  readonly settings: Settings;
  readonly log: Log;
  /** Told when there is a reason to work. */
  readonly wake: Wake;
  /** True to have one thread only, which shows at which file it dies. */
  readonly isCareful: boolean;
  readonly guard: Suspects["guard"];
  readonly report: (event: PassEvent) => void;
}

/** Begins one: from then on schedule and manifests give reasons to work. @throws Failure */
export function beginShift(options: ShiftOptions): Shift {
  const { db, settings, log, wake, isCareful, guard, report } = options;
  const gate = createGate(settings.load, thisKernel);
  const threads = isCareful ? 1 : settings.drain.threads;
  const effects = threadedEffects(settings, { threads, guard });
  let pass: Pass;
  try {
    pass = createPass({ db, settings, effects, report });
  } catch (error) {
    // Settings that are refused leave nothing open.
    void effects.close();
    throw error;
  }
  const endSchedule = beginSchedule(settings.schedule, wake.all);
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
  const watcher = settings.watch === false ? undefined : watchManifests(settings, handlers);
  return {
    settings,
    gate,
    pass,
    closeThreads: effects.close,
    wasClean: effects.wasClean,
    replaced: effects.replaced,
    async end() {
      endSchedule();
      await watcher?.close();
      await pass.close();
      await effects.close();
    },
  };
}
