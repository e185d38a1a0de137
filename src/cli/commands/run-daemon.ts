import { statSync } from "node:fs";
import type { Settings } from "../../config/settings.ts";
import { runDaemon } from "../../daemon/daemon.ts";
import { openForWork } from "../../daemon/startup.ts";
import { openLog } from "../../log/log.ts";
import { standBy } from "../../daemon/stand-by.ts";
import type { DaemonOptions } from "../../daemon/state.ts";
import { createNotify } from "../../daemon/systemd/notify.ts";
import { checkPrefix } from "../check-prefix.ts";
import { type Context, exitCodes } from "../command.ts";
import { settingsApart } from "../settings-apart.ts";
import { storeFiles } from "../../store/open.ts";
import type { RunOptions } from "./run.ts";

/** Time for opening the cache, ms: it is checked first, by one call that reports no progress. */
const OPENING_MS = 60_000;
/** Bytes per ms of the slowest disk that is worth waiting for. */
const CHECKED_BYTES_PER_MS = 1000;

/** Runs the daemon. @throws Failure CONFIG_INVALID, ALREADY_RUNNING or CACHE_UNUSABLE */
export async function runForever(options: RunOptions, context: Context): Promise<number> {
  const settings = await settingsApart(options, context);
  checkPrefix(settings.prefix);
  const log = openLog(settings.log.level);
  const notify = createNotify(process.env, (reason) => log.warn({ reason }, "systemd is not told"));
  const lock = await standBy(settings, { log, notify });
  try {
    return await work(settings, { lock, log, notify }, options, context);
  } finally {
    await lock.release();
    notify.close();
  }
}

async function work(
  settings: Settings,
  { lock, log, notify }: Pick<DaemonOptions, "lock" | "log" | "notify">,
  options: RunOptions,
  context: Context,
): Promise<number> {
  notify.send({ status: "opening the cache", extendMs: mostOpeningMs(settings) });
  const store = await openForWork({
    settings,
    onMovedAside: (reason) => log.error({ code: "CACHE_UNUSABLE", reason }, "cache moved aside"),
    makeRoom: async () => (await import("./prune.ts")).makeRoom(settings, context),
    isShared: true,
  });
  const { exitNow } = context;
  try {
    const reload = () => settingsApart(options, context);
    await runDaemon({ store, settings, lock, log, notify, exitNow, reload });
    return exitCodes.done;
  } finally {
    await store.close();
  }
}

function mostOpeningMs(settings: Settings): number {
  const file = storeFiles(settings)?.db;
  const { size = 0 } = (file && statSync(file, { throwIfNoEntry: false })) || {};
  return OPENING_MS + size / CHECKED_BYTES_PER_MS;
}
