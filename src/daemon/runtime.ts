import type { Settings } from "../config/settings.ts";
import { effectsInThreads } from "../sampling/effects.ts";
import { errorMessage } from "../errors.ts";
import { thisKernel } from "../load/cgroup.ts";
import { createAdmission, type Admission } from "../load/admission.ts";
import type { Log } from "../log/log.ts";
import type { PassEvent } from "../sampling/events.ts";
import { keepLooking } from "../sampling/looking/keep-looking.ts";
import { createPass, type Pass } from "../sampling/pass.ts";
import { beginSchedule } from "./schedule.ts";
import type { Quarantine } from "../workers/quarantine.ts";
import type { Triggers } from "./triggers.ts";
import { watchManifests } from "../manifest/watch/watch.ts";
import type { Store } from "../store/store.ts";
import { looksAfter } from "../store/turns.ts";

/** The parts that depend on the configuration. A reload replaces them. */
export interface Runtime {
  readonly settings: Settings;
  readonly admission: Admission;
  readonly pass: Pass;
  /** Ends the threads without waiting for their work. */
  readonly closeThreads: () => Promise<void>;
  readonly wasClean: () => boolean;
  /** Returns the number of threads that had to be replaced. */
  readonly replaced: () => number;
  /** Ends schedule, watching and threads. */
  readonly end: () => Promise<void>;
}

/** Options of `createRuntime`. */
export interface RuntimeOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly log: Log;
  /** The reasons to work, to which schedule and manifests add. */
  readonly triggers: Triggers;
  /** True to have one thread only, which shows at which file it dies. */
  readonly isSingleThreaded: boolean;
  readonly guard: Quarantine["guard"];
  readonly report: (event: PassEvent) => void;
}

/** Begins a runtime: from then on schedule and manifests give reasons to work. @throws Failure */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { store, settings, log, triggers, isSingleThreaded, guard, report } = options;
  const admission = createAdmission(settings.load, thisKernel);
  const threads = isSingleThreaded ? 1 : settings.drain.threads;
  const { runner, samples, ...threaded } = effectsInThreads(settings, {
    threads,
    guard,
    deadlines: store.turns?.deadlines,
  });
  let pass: Pass;
  try {
    pass = await createPass({ store, settings, runner, samples, report });
  } catch (error) {
    // Settings that are refused leave nothing open.
    void threaded.close();
    throw error;
  }
  const endLooking = keepLooking({ looks: pass.looks, settings, report, onFound: triggers.one });
  const endSchedule = beginSchedule(settings.schedule, triggers.all);
  let isTold = false;
  const onError = (error: unknown) => {
    if (!isTold)
      log.error({ reason: errorMessage(error) }, "watching fails; passes go on by schedule");
    isTold = true;
  };
  const handlers = {
    isOurs: (dataset: string) => looksAfter(store.turns, dataset),
    onGrowth: triggers.one,
    onReady: triggers.all,
    onDirectories: triggers.all,
    onError,
  };
  const watcher = settings.watch === false ? undefined : watchManifests(settings, handlers);
  return {
    settings,
    admission,
    pass,
    closeThreads: threaded.close,
    wasClean: runner.wasClean,
    replaced: threaded.replaced,
    async end() {
      endSchedule();
      await watcher?.close();
      await endLooking();
      await pass.close();
      await threaded.close();
    },
  };
}
