import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../config/settings.ts";
import { quarantineFor, openForWork, recover } from "../../daemon/startup.ts";
import { createHooks, type Hooks } from "../../hooks/hooks.ts";
import { errorMessage } from "../../errors.ts";
import { thisKernel } from "../../load/cgroup.ts";
import { createAdmission } from "../../load/admission.ts";
import { effectsInThreads } from "../../sampling/effects.ts";
import type { PassEvent } from "../../sampling/events.ts";
import { createPass } from "../../sampling/pass.ts";
import { heedSignals, releaseSignals } from "../../daemon/signals.ts";
import { syncSettled } from "../../sampling/upkeep/sync.ts";
import { checkPrefix } from "../check-prefix.ts";
import { type Context, exitCodes } from "../command.ts";
import { settingsApart } from "../settings-apart.ts";
import { dryRun } from "./dry-run.ts";
import { noDatasetText } from "../no-dataset.ts";
import { exitCodeOf, printSummary, progress } from "../output/pass-progress.ts";
import { counted, countText } from "../../lib/text.ts";
import { tell } from "../output/print.ts";
import { takeLock } from "../../store/open.ts";
import type { UpkeepStore } from "../../store/upkeep-store.ts";
import type { RunOptions } from "./run.ts";

/** Time between two questions whether the host is still busy, ms. */
const LOOK_MS = 250;
/** Time that may be spent on syncing, ms. */
const SYNC_MS = 5000;
/** Time in which hooks may be told of what was found, ms. */
const HOOKS_MS = 120_000;

/**
 * Runs one pass, or tells what it would do.
 * @throws Failure CONFIG_INVALID, ALREADY_RUNNING or CACHE_UNUSABLE
 */
export async function runOnce(options: RunOptions, context: Context): Promise<number> {
  const settings = await settingsApart(options, context);
  checkPrefix(settings.prefix);
  if (options.dryRun === true) {
    releaseSignals();
    return dryRun(settings, context);
  }
  const lock = await takeLock(settings);
  try {
    return await pass(settings, options, context);
  } finally {
    await lock.release();
  }
}

/** Runs one pass, with its failures on stderr and its summary on stdout. */
async function pass(settings: Settings, { json }: RunOptions, context: Context): Promise<number> {
  const store = await openForWork({
    settings,
    onMovedAside: (message) => tell(context, `cache moved aside: ${message}`),
    makeRoom: async () => (await import("./prune.ts")).makeRoom(settings, context),
  });
  const abort = new AbortController();
  let stopping = false;
  let deadline: NodeJS.Timeout | undefined;
  let closeThreads = () => Promise.resolve();
  const stop = () => {
    if (stopping) {
      // What is in work did not end the process.
      void closeThreads();
      return context.exitNow(exitCodes.failed);
    }
    stopping = true;
    deadline = setTimeout(() => abort.abort(), settings.stopSeconds * 1000);
  };
  const endHeeding = heedSignals({ SIGTERM: stop, SIGINT: stop, SIGHUP: stop });
  const { end, ...shown } = progress(store.queries, settings, context);
  const hooks = hooksOf(settings, context);
  const report = (event: PassEvent) => {
    shown.report(event);
    hooks.observe(event);
  };
  const { guard, isSingleThreaded } = await quarantineFor(store, settings);
  const threads = isSingleThreaded() ? 1 : settings.drain.threads;
  const effects = effectsInThreads(settings, { threads, guard });
  closeThreads = effects.close;
  try {
    const runPass = await createPass({ ...effects, store, settings, report });
    const isStopping = () => stopping;
    const checked = await recover({ store, settings, isStopping });
    if (checked !== undefined) {
      const { checked: samples, redone } = checked;
      tell(
        context,
        `checked ${counted(samples, "sample")} not synced before, ${redone} to be redone`,
      );
    }
    await untilFree(settings, isStopping, context);
    const { summary, isCleanedUp } = await runPass({
      settles: true,
      isStopping,
      isOver: () => false,
      abort: abort.signal,
    });
    if (effects.runner.wasClean() && isCleanedUp) await store.process.setStoppedCleanly();
    end();
    await syncEarlier(store.upkeep, settings, isStopping, context);
    if (summary.datasets + summary.errors === 0)
      tell(context, `${settings.prefix}: ${await noDatasetText(settings.prefix)}`);
    printSummary(summary, json === true, context);
    return stopping ? exitCodes.failed : exitCodeOf(summary);
  } finally {
    end();
    await hooks.close(AbortSignal.any([abort.signal, AbortSignal.timeout(HOOKS_MS)]));
    clearTimeout(deadline);
    await effects.close();
    endHeeding();
    await store.close();
  }
}

function hooksOf(settings: Settings, context: Context): Hooks {
  return createHooks({
    settings,
    onFailed({ hook, reason, output }) {
      tell(context, `hooks.${hook}: ${reason}${output === "" ? "" : `: ${output}`}`);
    },
    onCut({ hook, listed, count }) {
      tell(context, `hooks.${hook} lists ${listed} of ${countText(count)}`);
    },
  });
}

/** Waits while the host is busy. */
async function untilFree(
  { load }: Settings,
  isStopping: () => boolean,
  context: Context,
): Promise<void> {
  const admission = createAdmission(load, thisKernel);
  let told: string | undefined;
  for (
    let reason = admission.busy();
    reason !== undefined && !isStopping();
    reason = admission.busy()
  ) {
    if (told === undefined) tell(context, `the pass waits: ${reason}`);
    told = reason;
    await sleep(LOOK_MS);
  }
}

/**
 * Syncs samples that earlier runs left, as many as there is time for; those that this run settled
 * are too young. It never fails a pass.
 */
async function syncEarlier(
  store: UpkeepStore,
  settings: Settings,
  isStopping: () => boolean,
  context: Context,
): Promise<void> {
  const until = performance.now() + SYNC_MS;
  try {
    const { redone } = await syncSettled({
      store,
      settings,
      isStopping: () => isStopping() || performance.now() > until,
      clock: Date.now,
      restMs: 0,
    });
    if (redone > 0)
      tell(
        context,
        `${counted(redone, "sample is", "samples are")} missing, broken or cannot be brought to disk: due again`,
      );
  } catch (error) {
    tell(context, `samples cannot be synced: ${errorMessage(error)}`);
  }
}
