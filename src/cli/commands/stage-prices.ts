import { readOfferFile } from "../../regions/offer-file.ts";
import { mergeOffers } from "../../regions/merge-offers.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { printJson } from "../output/print.ts";

/** Options of `stage prices`. */
export interface StagePricesOptions extends CommonOptions {
  /** Paths of price lists. */
  readonly files: readonly string[];
}

/** Prints a table of prices, as the configuration takes it, from price lists. @throws Failure USAGE */
export async function stagePrices(
  { files }: StagePricesOptions,
  context: Context,
): Promise<number> {
  const offers = [];
  for (const file of files) offers.push(await readOfferFile(file));
  printJson(context, mergeOffers(offers));
  return exitCodes.done;
}
