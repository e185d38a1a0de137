import { Failure } from "../errors.ts";
import { keepDearer, type Offer, rowOf } from "./offer.ts";
import { pricesIn } from "./price-schema.ts";
import type { PriceTable } from "./prices.ts";

/** Makes one table of several price lists. @throws Failure USAGE where they are not enough for one */
export function mergeOffers(offers: readonly Offer[]): PriceTable {
  const storage = new Map<string, number>();
  const transfers = new Map<string, Map<string, number>>();
  for (const offer of offers) {
    for (const [region, price] of offer.storage) keepDearer(storage, region, price);
    for (const [from, row] of offer.transfers)
      for (const [to, price] of row) keepDearer(rowOf(transfers, from), to, price);
  }
  const currencies = new Set(offers.flatMap((offer) => [...offer.currencies]));
  if (storage.size === 0)
    throw new Failure("USAGE", "no price of storage: name the list of AmazonS3, too");
  if (transfers.size === 0)
    throw new Failure("USAGE", "no price of transfers: name the list of AWSDataTransfer, too");
  const [currency] = currencies;
  if (currencies.size > 1)
    throw new Failure("USAGE", `the lists have several currencies: ${[...currencies].join(", ")}`);
  const [asOf] = offers.map((offer) => offer.asOf).toSorted();
  const table = {
    asOf,
    currency,
    source: `price lists of AWS: ${offers.map(({ code }) => code).join(", ")}`,
    storagePerGbMonth: sorted(storage),
    transfer: sorted(new Map([...transfers].map(([from, row]) => [from, sorted(row)]))),
  };
  return pricesIn(table, "the lists");
}

function sorted<T>(named: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...named].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
