import { loadStaging } from "../config/load.ts";
import type { RegionsContext } from "../regions/region.ts";
import { hasStaging, openStaging } from "../store/open.ts";
import type { Documents } from "../store/staging-store.ts";
import { type CommonOptions, type Context, exitCodes } from "./command.ts";
import { tell } from "./output/print.ts";

/** Does some work with what this machine knows of buckets. @throws Failure CACHE_UNUSABLE, and what the work throws */
export async function withDocuments<T>(
  { settings }: RegionsContext,
  work: (documents: Documents) => Promise<T>,
): Promise<T> {
  const store = openStaging(settings.state);
  try {
    return await work(store.documents);
  } finally {
    await store.close();
  }
}

/** Does some work that changes what regions have. @throws what the work throws */
export async function withChanges(
  options: CommonOptions,
  context: Context,
  work: (regions: RegionsContext) => Promise<number>,
): Promise<number> {
  return await withRegions(options, context, async (all) => {
    try {
      return await work(all);
    } finally {
      // The next list reads them, and shows nothing that was known before.
      const { regions, state } = all.settings;
      if (hasStaging(state))
        await withDocuments(all, (known) => known.outdate(Object.keys(regions)));
    }
  });
}

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
