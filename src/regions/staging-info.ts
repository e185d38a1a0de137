import { errorMessage } from "../errors.ts";
import { allCharges, type Costs, costsOf, doubtsOf } from "./costs.ts";
import { usesIn } from "./listed.ts";
import type { PriceTable } from "./prices.ts";
import type { OnProblem } from "./read-buckets.ts";
import { sumOfUses, type Answer, type StagingView } from "./staging-view.ts";
import type { Found } from "./stagings.ts";
import { staysOfAnswers } from "./stays.ts";

/** All that is known of a staging: also how often it was fetched, and what it cost up to now. */
export interface StagingInfo extends StagingView {
  readonly cost: Costs;
  readonly prices: Pick<PriceTable, "asOf" | "currency" | "source">;
  readonly warnings: readonly string[];
}

/** Asks the buckets how often a staging was fetched, and adds up what it cost. @throws the signal's reason */
export async function infoOf(
  { view, reads }: Found,
  prices: PriceTable,
  { signal, onProblem }: { readonly signal: AbortSignal; readonly onProblem: OnProblem },
): Promise<StagingInfo> {
  const answers: Answer[] = await Promise.all(
    reads.map(async ({ region: { name, bucket }, read: { document } }) => {
      const answer = { region: name, document };
      try {
        return { ...answer, uses: await usesIn(bucket, view.staging_id) };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        onProblem(name, `uses are not known: ${errorMessage(error)}`);
        return answer;
      }
    }),
  );
  const charges = allCharges(staysOfAnswers(answers), { since: 0, until: Date.now() }, prices);
  const { asOf, currency, source } = prices;
  return {
    ...view,
    regions: view.regions.map((region) => {
      const uses = answers.find((answer) => answer.region === region.region)?.uses;
      return uses === undefined ? region : Object.assign(region, { uses: sumOfUses(uses) });
    }),
    cost: costsOf(charges),
    prices: { asOf, currency, source },
    warnings: doubtsOf(charges),
  };
}
