import { readYaml } from "../config/read-yaml.ts";
import { pricesIn } from "./price-schema.ts";
import type { PriceTable } from "./prices.ts";

/** Reads a table of prices, YAML or JSON. @throws Failure CONFIG_INVALID */
export function readPrices(path: string): PriceTable {
  return pricesIn(readYaml(path), path);
}
