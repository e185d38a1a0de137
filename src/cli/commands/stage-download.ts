import { resolve } from "node:path";
import { bytesText, printable } from "../../lib/text.ts";
import { downloadStaging } from "../../regions/download.ts";
import { findMachine } from "../../regions/machine.ts";
import { openRegions } from "../../regions/region.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { createBar } from "../output/progress-bar.ts";
import { withRegions } from "../with-regions.ts";

/** Options of `stage download`. */
export interface StageDownloadOptions extends InspectOptions {
  readonly id: string;
  readonly dest?: string;
  readonly region?: string;
}

/** Fetches a staging to this machine. @throws Failure */
export async function stageDownload(
  options: StageDownloadOptions,
  context: Context,
): Promise<number> {
  const { id, dest, region: named, json = false } = options;
  const destination = dest === undefined ? undefined : resolve(dest);
  const bar = createBar(context, "bytes");
  return await withRegions(options, context, async (all) => {
    const onRegion = (name: string, why: string) =>
      tell(context, printable(`from ${name}: ${why}`));
    const onUncounted = (why: string) => tell(context, printable(`its use is not counted: ${why}`));
    const onProgress = (bytes: number, size: number) => bar.update(bytes, () => size);
    const where = { named, env: context.env, configured: all.settings.region };
    const machine = await findMachine(where, all.signal);
    const regions = await openRegions(all);
    const told = { onRegion, onUncounted, onProgress };
    const wanted = { id, machine, regions, destination, ...told };
    const { document, path, wasThere } = await downloadStaging(wanted, all).finally(bar.end);
    const { region, size_bytes, file_count, sha256 } = document;
    if (json) {
      const what = { staging_id: id, region, path, size_bytes, file_count, sha256 };
      printJson(context, { ...what, was_there: wasThere });
    } else printLine(context, printable(`${path}  ${bytesText(size_bytes)} from ${region}`));
    if (wasThere && !json) tell(context, "it was there already");
    return exitCodes.done;
  });
}
