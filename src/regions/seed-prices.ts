import type { PriceTable, Transfers } from "./prices.ts";

/**
 * Prices of the design's examples, for any regions: every region has the same, and readers pay more
 * than copies. That is the price to the internet; within AWS both pay the same.
 */
export function seedPrices(regions: readonly string[]): PriceTable {
  return {
    asOf: "2024-01-22",
    currency: "USD",
    source: "the design's examples; their price of direct reads is that to the internet",
    storagePerGbMonth: Object.fromEntries(regions.map((region) => [region, 0.023])),
    transfer: betweenAll(regions, 0.02),
    directTransfer: betweenAll(regions, 0.09),
  };
}

function betweenAll(regions: readonly string[], perGb: number): Transfers {
  const rowOf = (from: string) =>
    Object.fromEntries(regions.filter((to) => to !== from).map((to) => [to, perGb]));
  return Object.fromEntries(regions.map((from) => [from, rowOf(from)]));
}
