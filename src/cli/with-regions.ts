import { loadStaging } from "../config/load.ts";
import type { RegionsContext } from "../regions/region.ts";
import { type CommonOptions, type Context, exitCodes } from "./command.ts";
import { tell } from "./output/print.ts";

/** Does some work with regions; SIGINT and SIGTERM end it. @throws what the work throws */
export async function withRegions(
  { config, prefix }: CommonOptions,
  context: Context,
  work: (regions: RegionsContext) => Promise<number>,
): Promise<number> {
  const settings = loadStaging({ config, prefix, env: context.env });
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    return await work({ settings, signal: abort.signal });
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    tell(context, "stopped");
    return exitCodes.failed;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
