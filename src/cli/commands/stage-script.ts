import { printable } from "../../lib/text.ts";
import { chooseRegion } from "../../regions/choose-region.ts";
import { pricesOf } from "../../regions/price-file.ts";
import { openRegions } from "../../regions/region.ts";
import { writeScript } from "../../regions/script.ts";
import { findStaging } from "../../regions/stagings.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { drained, tell } from "../output/print.ts";
import { withRegions } from "../with-regions.ts";

/** Options of `stage script`. */
export interface StageScriptOptions extends CommonOptions {
  readonly id: string;
  /** The region of the machines that run it. */
  readonly region?: string;
  /** Hours. */
  readonly expires: number;
}

/** Prints a shell script that fetches a staging. @throws Failure */
export async function stageScript(options: StageScriptOptions, context: Context): Promise<number> {
  const { id, region: named, expires: hours } = options;
  return await withRegions(options, context, async (all) => {
    const found = await findStaging(await openRegions(all), id, all.signal);
    const saidBy = named === undefined ? "no --region" : "--region";
    const machine = { region: named, saidBy };
    const { from, why } = chooseRegion(found, machine, () => pricesOf(all.settings));
    tell(context, printable(`from ${from.region.name}: ${why}`));
    const whole = { region: from.region, document: from.read.document };
    const write = async (text: string) => {
      context.out.write(text);
      await drained(context);
    };
    const { expires } = await writeScript({ from: whole, hours, write }, all);
    tell(context, `whoever has the script can read the files until ${expires.toISOString()}`);
    return exitCodes.done;
  });
}
