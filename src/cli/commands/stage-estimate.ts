import { Failure } from "../../errors.ts";
import { loadStaging } from "../../config/load.ts";
import { estimatedOf } from "../../regions/estimated.ts";
import { pricesOf, readPrices } from "../../regions/price-file.ts";
import type { PriceTable } from "../../regions/prices.ts";
import { seedPrices } from "../../regions/seed-prices.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { estimateCsv, estimateText } from "../output/estimate-text.ts";
import { printJson, printText, tell } from "../output/print.ts";
import { writeAll } from "../output/write.ts";

/** Options of `stage estimate`. */
export interface StageEstimateOptions extends CommonOptions {
  readonly dataSizeGb: number;
  readonly instances: number;
  readonly regions: readonly string[];
  readonly days: number;
  readonly countSource?: boolean;
  readonly preset?: "seed";
  /** Path of a price table. */
  readonly prices?: string;
  readonly format: "table" | "json" | "csv";
  readonly json?: boolean;
}

/** Prints what staging costs beside direct downloads. @throws Failure USAGE, CONFIG_INVALID */
export async function stageEstimate(
  options: StageEstimateOptions,
  context: Context,
): Promise<number> {
  const { dataSizeGb, instances, regions, days, countSource = false } = options;
  checkRegions(regions);
  const plan = { dataSizeGb, instances, regions, days, countSource };
  const estimated = estimatedOf(plan, pricesFor(options, context));
  const format = options.json === true ? "json" : options.format;
  if (format === "json") printJson(context, estimated);
  else if (format === "csv") await writeAll(context, estimateCsv(estimated, context.out.isTTY));
  else printText(context, estimateText(estimated));
  for (const warning of estimated.warnings) tell(context, warning);
  return exitCodes.done;
}

function checkRegions(regions: readonly string[]): void {
  if (regions.some((region) => region === ""))
    throw new Failure("USAGE", "--regions: a name is empty");
  const twice = regions.find((region, i) => regions.indexOf(region) !== i);
  if (twice !== undefined) throw new Failure("USAGE", `--regions names ${twice} twice`);
}

function pricesFor(options: StageEstimateOptions, { env }: Context): PriceTable {
  const { preset, prices, config, prefix, regions } = options;
  if (preset === "seed") return seedPrices(regions);
  return prices === undefined ? pricesOf(loadStaging({ config, prefix, env })) : readPrices(prices);
}
