import { resolve } from "node:path";
import { errorMessage, Failure } from "../../errors.ts";
import { bytesText, printable } from "../../lib/text.ts";
import { type Downloaded, downloadStaging } from "../../regions/download.ts";
import { findMachine } from "../../regions/machine.ts";
import { openRegions, type RegionsContext } from "../../regions/region.ts";
import { stagingsOfSweep } from "../../regions/sweep-params.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { createBar } from "../output/progress-bar.ts";
import { withRegions } from "../with-regions.ts";

/** Options of `stage download`. */
export interface StageDownloadOptions extends InspectOptions {
  readonly ids: readonly string[];
  /** Path of a sweep's parameters. */
  readonly params?: string;
  readonly dest?: string;
  readonly region?: string;
}

/** Fetches stagings to this machine, in turn. @throws Failure where there is one, and it fails */
export async function stageDownload(
  options: StageDownloadOptions,
  context: Context,
): Promise<number> {
  const { dest, json = false } = options;
  const ids = wantedIds(options);
  const [only = "", ...others] = ids;
  if (others.length > 0 && dest !== undefined)
    throw new Failure("USAGE", "--dest is the place of one staging: each of several has its own");
  return await withRegions(options, context, async (all) => {
    const fetch = await fetching(options, context, all);
    if (others.length === 0) {
      const done = await fetch(only);
      if (json) printJson(context, fieldsOf(done));
      return exitCodes.done;
    }
    const results: object[] = [];
    let failed = 0;
    for (const id of ids) {
      const done = await fetch(id).catch((error: unknown) => {
        if (all.signal.aborted) throw all.signal.reason;
        return failureOf(id, error);
      });
      results.push("document" in done ? fieldsOf(done) : done);
      if ("document" in done) continue;
      failed += 1;
      tell(context, `${id}: ${done.code}: ${done.message}`);
    }
    if (json) printJson(context, results);
    return failed === 0 ? exitCodes.done : exitCodes.entriesFailed;
  });
}

/** Each once, those of the command first. @throws Failure USAGE where there is none */
function wantedIds({ ids, params }: StageDownloadOptions): readonly string[] {
  const wanted = [...ids, ...(params === undefined ? [] : stagingsOfSweep(params))];
  if (wanted.length === 0)
    throw new Failure("USAGE", "say which: the id of a staging, or --params with a sweep's");
  return [...new Set(wanted)];
}

/** Fetches one staging, and says so. @throws Failure */
async function fetching(
  { dest, region: named, json = false }: StageDownloadOptions,
  context: Context,
  all: RegionsContext,
): Promise<(id: string) => Promise<Downloaded>> {
  const destination = dest === undefined ? undefined : resolve(dest);
  const say = (text: string) => tell(context, printable(text));
  const onRegion = (name: string, why: string) => say(`from ${name}: ${why}`);
  const onUncounted = (why: string) => say(`its use is not counted: ${why}`);
  const where = { named, env: context.env, configured: all.settings.region };
  const machine = await findMachine(where, all.signal);
  const regions = await openRegions(all);
  return async (id) => {
    const bar = createBar(context, "bytes");
    const onProgress = (bytes: number, size: number) => bar.update(bytes, () => size);
    const told = { onRegion, onUncounted, onProgress };
    const wanted = { id, machine, regions, destination, ...told };
    const done = await downloadStaging(wanted, all).finally(bar.end);
    if (json) return done;
    const { region, size_bytes } = done.document;
    printLine(context, printable(`${done.path}  ${bytesText(size_bytes)} from ${region}`));
    if (done.wasThere) say("it was there already");
    return done;
  };
}

function fieldsOf({ document, path, wasThere }: Downloaded): object {
  const { staging_id, region, size_bytes, file_count, sha256 } = document;
  return { staging_id, region, path, size_bytes, file_count, sha256, was_there: wasThere };
}

interface NotDownloaded {
  readonly staging_id: string;
  readonly code: string;
  readonly message: string;
}

function failureOf(staging_id: string, error: unknown): NotDownloaded {
  const code = error instanceof Failure ? error.code : "UNEXPECTED";
  return { staging_id, code, message: errorMessage(error) };
}
