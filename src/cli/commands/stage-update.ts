import { extendStaging } from "../../regions/extend.ts";
import { openRegions } from "../../regions/region.ts";
import { findStaging } from "../../regions/stagings.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine } from "../output/print.ts";
import { withChanges } from "../with-regions.ts";

/** Options of `stage update`. */
export interface StageUpdateOptions extends InspectOptions {
  readonly id: string;
  /** Days from now on. */
  readonly ttl: number;
}

/** Changes how long a staging stays. @throws Failure */
export async function stageUpdate(options: StageUpdateOptions, context: Context): Promise<number> {
  const { id, ttl, json = false } = options;
  return await withChanges(options, context, async (all) => {
    const found = await findStaging(await openRegions(all), id, all.signal);
    const expires_at = await extendStaging(found, ttl);
    if (json) printJson(context, { staging_id: id, expires_at });
    else printLine(context, `${id} stays until ${expires_at}`);
    return exitCodes.done;
  });
}
