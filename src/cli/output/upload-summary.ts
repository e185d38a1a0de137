import type { Estimated } from "../../regions/estimated.ts";
import { moneyText, priceNote } from "./figure-table.ts";

/** The cost of a staging and its saving, for people. */
export function summaryLines(estimated: Estimated): string[] {
  const { prices, days, instances, replication, storage, staging, saving, warnings } = estimated;
  const money = ({ amount }: { readonly amount: number }) =>
    `${moneyText(amount)} ${prices.currency}`;
  return [
    `cost: ${money(staging)}: ${money(replication)} for copies, ${money(storage)} for ${days} days of storage`,
    `with ${instances} readers a region: ${money(saving)} saved; ${estimated.recommendation}`,
    priceNote(prices),
    ...warnings,
  ];
}
