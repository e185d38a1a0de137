import { Failure } from "../errors.ts";
import { DEFAULT_PRICES } from "./default-prices.ts";
import type { Machine } from "./machine.ts";
import { type PriceTable, transferPrice } from "./prices.ts";
import type { Found } from "./stagings.ts";

/** A region to fetch from. */
export interface Chosen {
  readonly from: Found["reads"][number];
  /** The reason for this one, for people. */
  readonly why: string;
}

/**
 * Chooses the region that a machine fetches from: its own one, else the one from which it is cheapest,
 * else the first; only where the staging is complete. Prices are asked for where they decide.
 * @throws Failure FILE_MISSING where it is complete nowhere; what `prices` throws
 */
export function chooseRegion(
  { view, reads }: Found,
  { region: own, saidBy }: Pick<Machine, "region" | "saidBy">,
  prices: () => PriceTable,
): Chosen {
  const complete = view.regions
    .filter(({ state }) => state === "complete")
    .flatMap(({ region: name }) => reads.find(({ region }) => region.name === name) ?? []);
  const [first, ...others] = complete;
  if (first === undefined) {
    const texts = view.regions.map(
      ({ region, state, reason }) => `${region} ${state}${reason === null ? "" : ` (${reason})`}`,
    );
    const said = `${view.staging_id}: ${texts.join(", ")}`;
    throw new Failure("FILE_MISSING", `complete in no region: ${said}`);
  }
  if (own === undefined)
    return { from: first, why: `the first; nothing says this machine's region (${saidBy})` };
  const near = complete.find(({ region }) => region.name === own);
  const ownRegion = `this machine's region (${saidBy})`;
  if (near !== undefined) return { from: near, why: ownRegion };
  const here = `${own}, ${ownRegion}`;
  if (others.length === 0) return { from: first, why: `the only complete one; not in ${here}` };
  return cheapest(complete, { own, here }, prices());
}

/** The first of the cheapest ones. */
function cheapest(
  complete: Found["reads"],
  { own, here }: { readonly own: string; readonly here: string },
  table: PriceTable,
): Chosen {
  const priced = complete.map((from) => ({
    from,
    ...transferPrice(table.transfer, from.region.name, own),
  }));
  const least = Math.min(...priced.map(({ perGb }) => perGb));
  const [best, ...others] = priced.filter(({ perGb }) => perGb === least);
  const { from, doubt } = best as (typeof priced)[number];
  const which = others.length === 0 ? "the cheapest" : "the first of those that cost the same";
  const cost = doubt ?? `${least} ${table.currency} a GB`;
  const estimate = table === DEFAULT_PRICES ? ", an estimate" : "";
  return { from, why: `${which}; not in ${here}: ${cost}, prices of ${table.asOf}${estimate}` };
}
