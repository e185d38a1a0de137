import { type Charge, type ChargeKind, chargesOf, type Period, type Stay } from "./charges.ts";
import { type Figure, figure } from "./figures.ts";
import type { PriceTable } from "./prices.ts";

/** Cost and saving of stagings in a period; in the currency of the prices. */
export interface Costs {
  /** Copies from region to region. */
  readonly replication: Figure;
  /** Storage in the buckets of the first regions. */
  readonly source: Figure;
  /** Storage in the buckets of the other regions. */
  readonly storage: Figure;
  readonly requests: Figure;
  readonly total: Figure;
  /** Downloads that were made from copies, had they come from the first region. */
  readonly direct: Figure;
  /** Below 0 where staging cost more. */
  readonly saving: Figure;
}

/** The costs of one staging. */
export interface StagingCost {
  readonly staging_id: string;
  readonly cost: number;
  readonly saving: number;
}

/** The charges of all stays. */
export function allCharges(
  stays: readonly Stay[],
  period: Period,
  prices: PriceTable,
): readonly Charge[] {
  return stays.flatMap((stay) => chargesOf(stay, period, prices));
}

/** Adds charges up, each figure with its formula. */
export function costsOf(charges: readonly Charge[]): Costs {
  const sum = (...kinds: readonly ChargeKind[]) => amountOf(charges, kinds);
  const of = (kind: ChargeKind) =>
    figure(sum(kind), formulaOf(charges.filter((charge) => charge.kind === kind)));
  return {
    replication: of("replication"),
    source: of("source"),
    storage: of("storage"),
    requests: of("requests"),
    total: figure(sum(...paid), "replication + source + storage + requests"),
    direct: of("direct"),
    saving: figure(savingOf(charges), "direct - replication - storage - requests"),
  };
}

/** The cost of each staging, the dearest first. */
export function costsById(charges: readonly Charge[]): readonly StagingCost[] {
  const byId = Map.groupBy(charges, ({ id }) => id);
  const costs = [...byId].map(([staging_id, own]) => ({
    staging_id,
    cost: figure(amountOf(own, paid), "").amount,
    saving: figure(savingOf(own), "").amount,
  }));
  return costs.toSorted((a, b) => b.cost - a.cost || (a.staging_id < b.staging_id ? -1 : 1));
}

/** The reasons to doubt, each once. */
export function doubtsOf(charges: readonly Charge[]): readonly string[] {
  return [...new Set(charges.flatMap(({ doubt }) => doubt ?? []))];
}

const paid: readonly ChargeKind[] = ["replication", "source", "storage", "requests"];

/** The source is there without staging, too. */
function savingOf(charges: readonly Charge[]): number {
  return amountOf(charges, ["direct"]) - amountOf(charges, ["replication", "storage", "requests"]);
}

function amountOf(charges: readonly Charge[], kinds: readonly ChargeKind[]): number {
  return charges
    .filter(({ kind }) => kinds.includes(kind))
    .reduce((sum, { quantity, price }) => sum + quantity * price, 0);
}

/** `us-west-2 23.3 GB-months × 0.023 + …`: charges of the same thing at the same price are one. */
function formulaOf(charges: readonly Charge[]): string {
  const alike = Map.groupBy(charges, ({ what, price }) => `${price} ${what}`);
  const terms = [...alike.values()].map((own) => {
    const [{ what, unit, price }] = own as [Charge];
    const quantity = own.reduce((sum, each) => sum + each.quantity, 0);
    return `${what} ${Number(quantity.toPrecision(6))} ${unit} × ${price}`;
  });
  return terms.length === 0 ? "nothing" : terms.join(" + ");
}
