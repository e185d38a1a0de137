import { printable } from "../../lib/text.ts";
import { openRegions } from "../../regions/region.ts";
import { type SetUp, setUp, type Step } from "../../regions/set-up.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine } from "../output/print.ts";
import { withRegions } from "../with-regions.ts";

/** Options of `stage setup-buckets`. */
export interface StageSetupOptions extends InspectOptions {
  readonly regions: readonly string[];
  readonly dryRun?: boolean;
}

/** Makes the buckets of regions, and has them remove what was forgotten. @throws Failure */
export async function stageSetup(options: StageSetupOptions, context: Context): Promise<number> {
  const { regions, dryRun: isDry = false, json = false } = options;
  return await withRegions(options, context, async (all) => {
    const results: SetUp[] = [];
    for (const region of await openRegions(all, regions)) {
      const result = await setUp(region, { isDry, signal: all.signal });
      results.push(result);
      if (!json) for (const line of linesOf(result)) printLine(context, printable(line));
    }
    if (json) printJson(context, results);
    return results.every(({ error }) => error === null) ? exitCodes.done : exitCodes.entriesFailed;
  });
}

const THINGS: Readonly<Record<Step["what"], string>> = {
  bucket: "bucket",
  lifecycle: "life-cycle rule",
  versioning: "versioning",
};
const STATES: Readonly<Record<Step["state"], string>> = {
  set: "set up",
  kept: "left as it was",
  due: "would be set up",
  lacking: "the store has none",
};

function linesOf({ region, bucket, steps, error }: SetUp): string[] {
  const lines = steps.map(({ what, state, reason }) => {
    const text = `${THINGS[what]}: ${STATES[state]}`;
    return `${region}, ${bucket}: ${text}${reason === null ? "" : ` (${reason})`}`;
  });
  return error === null ? lines : [...lines, `${region}, ${bucket}: ${error}`];
}
