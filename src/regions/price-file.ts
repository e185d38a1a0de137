import { readYaml } from "../config/read-yaml.ts";
import type { StagingSettings } from "../config/staging-settings.ts";
import { DEFAULT_PRICES } from "./default-prices.ts";
import { pricesIn } from "./price-schema.ts";
import type { PriceTable } from "./prices.ts";

/** The prices that settings name, else ours of AWS. @throws Failure CONFIG_INVALID */
export function pricesOf({ prices }: Pick<StagingSettings, "prices">): PriceTable {
  return prices === undefined ? DEFAULT_PRICES : readPrices(prices);
}

/** Reads a table of prices, YAML or JSON. @throws Failure CONFIG_INVALID */
export function readPrices(path: string): PriceTable {
  return pricesIn(readYaml(path), path);
}
