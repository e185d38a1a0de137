import { type Price, type PriceTable, storagePrice, transferPrice } from "./prices.ts";

/** Data that machines of several regions are to read. */
export interface StagingPlan {
  /** Size of the data; a GB has 2^30 bytes. */
  readonly dataSizeGb: number;
  /** Machines in each region that read all of it once. */
  readonly instances: number;
  /** Regions of the readers; the data is in the first. */
  readonly regions: readonly string[];
  /** Time that the copies are kept, days. */
  readonly days: number;
  /** True: what the first region's bucket keeps counts, though it may be there anyway. */
  readonly countSource: boolean;
}

/** A price, with the region that it is paid for. */
export interface Share {
  readonly region: string;
  /** Price of a GB. */
  readonly perGb: number;
}

/** A cost, with the prices that it is the sum of. */
export interface Part {
  readonly shares: readonly Share[];
  readonly cost: number;
}

/** Staging beside direct downloads, in the currency of the prices. */
export interface Estimate {
  readonly replication: Part;
  readonly storage: Part;
  /** Replication and storage together. */
  readonly staged: number;
  /** Downloads by all readers from the first region. */
  readonly direct: Part;
  /** Direct less staged; below 0 where staging costs more. */
  readonly saving: number;
  /** The saving as a part of direct, percent; undefined where direct costs nothing. */
  readonly savingPercent: number | undefined;
  /** Fewest readers a region with which staging costs less; undefined where no number does. */
  readonly breakEvenReaders: number | undefined;
  /** True: staging costs less than direct downloads. */
  readonly pays: boolean;
  /** Prices that are not known, and what was taken instead. */
  readonly doubts: readonly string[];
}

/** Compares staging with direct downloads. Requests are not counted. */
export function estimate(plan: StagingPlan, prices: PriceTable): Estimate {
  const { dataSizeGb, instances, regions, days, countSource } = plan;
  const [first = "", ...others] = regions;
  const { transfer, directTransfer = transfer } = prices;
  const copies = priced(others, (to) => transferPrice(transfer, first, to));
  const kept = priced(countSource ? regions : others, (region) => storagePrice(prices, region));
  const reads = priced(others, (to) => transferPrice(directTransfer, first, to));
  const replication = partOf(copies, dataSizeGb);
  const storage = partOf(kept, dataSizeGb * (days / 30));
  const oneReader = partOf(reads, dataSizeGb).cost;
  const staged = replication.cost + storage.cost;
  const direct = { ...partOf(reads, dataSizeGb), cost: oneReader * instances };
  const saving = direct.cost - staged;
  return {
    replication,
    storage,
    staged,
    direct,
    saving,
    savingPercent: direct.cost === 0 ? undefined : (saving / direct.cost) * 100,
    breakEvenReaders: breakEven(staged, oneReader),
    pays: direct.cost > staged,
    doubts: [...new Set([copies, kept, reads].flat().flatMap(({ doubt }) => doubt ?? []))],
  };
}

type PricedShare = Share & Price;

function priced(regions: readonly string[], priceOf: (region: string) => Price): PricedShare[] {
  return regions.map((region) => ({ region, ...priceOf(region) }));
}

function partOf(priced: readonly PricedShare[], gb: number): Part {
  const shares = priced.map(({ region, perGb }) => ({ region, perGb }));
  return { shares, cost: gb * shares.reduce((sum, { perGb }) => sum + perGb, 0) };
}

/** A quotient may be rounded to a whole number: it and its neighbours are compared as costs are. */
function breakEven(staged: number, oneReader: number): number | undefined {
  const about = Math.max(1, Math.floor(staged / oneReader));
  return [about, about + 1, about + 2].find((readers) => oneReader * readers > staged);
}
