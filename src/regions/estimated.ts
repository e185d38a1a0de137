import { estimate, type StagingPlan } from "./estimate.ts";
import { type Figures, figuresOf, recommendationOf } from "./figures.ts";
import { GB_BYTES, type PriceTable } from "./prices.ts";

/** An estimate with its formulas and its prices. */
export interface Estimated extends StagingPlan, Figures {
  readonly bytes: number;
  readonly prices: Pick<PriceTable, "asOf" | "currency" | "source">;
  readonly pays: boolean;
  readonly recommendation: string;
  readonly warnings: readonly string[];
}

/** Readers a region where nobody says how many there are: the design's number. */
const READERS = 10;

/** Compares staging with direct downloads. */
export function estimatedOf(plan: StagingPlan, prices: PriceTable): Estimated {
  const compared = estimate(plan, prices);
  const { asOf, currency, source } = prices;
  return {
    ...plan,
    bytes: Math.round(plan.dataSizeGb * GB_BYTES),
    prices: { asOf, currency, source },
    ...figuresOf(plan, compared),
    pays: compared.pays,
    recommendation: recommendationOf(compared),
    warnings: compared.doubts,
  };
}

/** The same for what is to be sent: ten readers a region, and the source counts. */
export function estimatedFor(
  { bytes, regions, days }: Pick<StagingPlan, "regions" | "days"> & { readonly bytes: number },
  prices: PriceTable,
): Estimated {
  const dataSizeGb = Number((bytes / GB_BYTES).toPrecision(6));
  const plan = { dataSizeGb, instances: READERS, regions, days, countSource: true };
  return { ...estimatedOf(plan, prices), bytes };
}
