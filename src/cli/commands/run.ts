import { setImmediate } from "node:timers/promises";
import type { CommonOptions, Context } from "../command.ts";

/** Options of `run`. */
export interface RunOptions extends CommonOptions {
  readonly once?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * Runs the daemon, or one pass; neither loads what only the other needs.
 * @throws Failure CONFIG_INVALID, ALREADY_RUNNING or CACHE_UNUSABLE
 */
export async function run(options: RunOptions, context: Context): Promise<number> {
  // Signals that came while we were loaded get their turn.
  await setImmediate();
  if (options.once === true || options.dryRun === true)
    return (await import("./run-once.ts")).runOnce(options, context);
  return (await import("./run-daemon.ts")).runForever(options, context);
}
