import { loadStaging } from "../config/load.ts";
import type { StagingContext } from "../staging/context.ts";
import { openStager, type Stager } from "../staging/stager.ts";
import { printable } from "../lib/text.ts";
import { type CommonOptions, type Context, exitCodes } from "./command.ts";
import { tell } from "./output/print.ts";

/** The work of a command; the signal is aborted by SIGINT, SIGTERM and SIGHUP. */
export type StagerWork = (stager: Stager, signal: AbortSignal) => Promise<number>;

/** Does some work with the staging of this machine; a signal ends it, and leaves nothing half-done. */
export async function withStager(
  { config, prefix }: CommonOptions,
  context: Context,
  work: StagerWork,
): Promise<number> {
  const settings = loadStaging({ config, prefix, env: context.env });
  const onEvent: StagingContext["onEvent"] = (event) => {
    if (event.type === "not-cleaned-up")
      tell(context, printable(`${event.directory} is left behind: ${event.message}`));
  };
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  const stager = await openStager(settings, { onEvent });
  try {
    return await work(stager, abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    tell(context, "stopped: begin again, to go on");
    return exitCodes.failed;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
    await stager.close();
  }
}
