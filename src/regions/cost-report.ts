import { type Period, usesWithin } from "./charges.ts";
import { allCharges, type Costs, costsById, costsOf, doubtsOf, type StagingCost } from "./costs.ts";
import type { Known } from "./known-stagings.ts";
import type { PriceTable } from "./prices.ts";
import { staysOf } from "./stays.ts";

/** Costs of stagings in a period, by figure and by staging. */
export interface CostReport extends Costs {
  /** Null: from the first staging on. */
  readonly since: string | null;
  readonly until: string;
  readonly prices: Pick<PriceTable, "asOf" | "currency" | "source">;
  /** The dearest first. */
  readonly stagings: readonly ReportedStaging[];
  readonly warnings: readonly string[];
}

/** A staging with what it cost. */
export interface ReportedStaging extends StagingCost {
  readonly filename: string;
  readonly size_bytes: number;
  readonly sweep_id: string | null;
  /** False where it was removed. */
  readonly is_there: boolean;
  /** Downloads by machines. */
  readonly uses: number;
}

/** The stagings that a report is about; all by default. */
export interface Chosen {
  readonly id?: string | undefined;
  readonly sweepId?: string | undefined;
}

/** Adds up what stagings cost. */
export function costReport(
  known: Pick<Known, "stagings" | "ended">,
  { since, until }: Period,
  { prices, ...chosen }: Chosen & { readonly prices: PriceTable },
): CostReport {
  const facts = factsOf(known, chosen);
  const stays = staysOf(known).filter(({ id }) => facts.has(id));
  const period = { since, until };
  const charges = allCharges(stays, period, prices);
  const uses = new Map<string, number>();
  for (const stay of stays)
    uses.set(stay.id, (uses.get(stay.id) ?? 0) + usesWithin(stay.uses, period));
  const { asOf, currency, source } = prices;
  return {
    since: since === 0 ? null : new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    prices: { asOf, currency, source },
    ...costsOf(charges),
    stagings: costsById(charges).map((cost) => {
      const { staging_id: id } = cost;
      return Object.assign(cost, facts.get(id) as Facts, { uses: uses.get(id) ?? 0 });
    }),
    warnings: doubtsOf(charges),
  };
}

type Facts = Pick<ReportedStaging, "filename" | "size_bytes" | "sweep_id" | "is_there">;

function factsOf({ stagings, ended }: Pick<Known, "stagings" | "ended">, wanted: Chosen) {
  const there = [...stagings.values()].flatMap(([answer]) => answer?.document ?? []);
  const documents = [
    ...ended.map((document) => ({ document, is_there: false })),
    ...there.map((document) => ({ document, is_there: true })),
  ];
  const facts = new Map<string, Facts>();
  for (const { document, is_there } of documents) {
    const { staging_id: id, filename, size_bytes, sweep_id } = document;
    if (id !== (wanted.id ?? id) || sweep_id !== (wanted.sweepId ?? sweep_id)) continue;
    facts.set(id, { filename, size_bytes, sweep_id, is_there });
  }
  return facts;
}
