import type { Uses } from "../store/staging-store.ts";
import { GB_BYTES, type Price, type PriceTable, storagePrice, transferPrice } from "./prices.ts";

/** A staging in one region, as far as its cost depends on it. Times are ms since epoch. */
export interface Stay {
  readonly id: string;
  readonly region: string;
  /** The region that got the files first. */
  readonly first: string;
  /** Bytes that the bucket keeps. */
  readonly bytes: number;
  /** The time at which it was complete. */
  readonly from: number;
  /** The time at which it was removed; Infinity for what is there. */
  readonly until: number;
  readonly files: number;
  readonly putRequests: number;
  readonly uses: Uses;
}

/** The time that is looked at, ms since epoch. */
export interface Period {
  readonly since: number;
  readonly until: number;
}

/** The figures that a charge can belong to; `direct` is not paid: it is what staging saves. */
export const chargeKinds = ["replication", "source", "storage", "requests", "direct"] as const;
export type ChargeKind = (typeof chargeKinds)[number];

/** A quantity with its price. */
export interface Charge {
  readonly kind: ChargeKind;
  readonly id: string;
  /** The region that has it. */
  readonly region: string;
  /** `us-east-1 → us-west-2`, `us-east-1`, `put`. */
  readonly what: string;
  readonly quantity: number;
  readonly unit: "GB" | "GB-months" | "thousand";
  readonly price: number;
  /** The reason why another price stands for it. */
  readonly doubt?: string | undefined;
}

const MONTH_MS = 30 * 86_400_000;
/** Requests of a download beside one for each file: the document and the list. */
const MORE_GETS = 2;

/** Charges for a staging in a region in a period, and what direct downloads would have cost. */
export function chargesOf(stay: Stay, period: Period, prices: PriceTable): Charge[] {
  const { id, region, first, bytes, files, putRequests } = stay;
  const { transfer, directTransfer = transfer, requestsPerThousand } = prices;
  const gb = bytes / GB_BYTES;
  const isSource = region === first;
  const isNew = stay.from >= period.since && stay.from < period.until;
  const uses = usesWithin(stay.uses, period);
  const moved = `${first} → ${region}`;
  const charges: Charge[] = [];
  if (!isSource && isNew)
    add("replication", moved, gb, "GB", transferPrice(transfer, first, region));
  const kept = storagePrice(prices, region);
  add(isSource ? "source" : "storage", region, gb * monthsOf(stay, period), "GB-months", kept);
  if (requestsPerThousand !== undefined) {
    const { put, get } = requestsPerThousand;
    if (isNew) add("requests", "put", putRequests / 1000, "thousand", known(put));
    add("requests", "get", (uses * (files + MORE_GETS)) / 1000, "thousand", known(get));
  }
  if (!isSource)
    add("direct", moved, gb * uses, "GB", transferPrice(directTransfer, first, region));
  return charges;

  function add(
    kind: ChargeKind,
    what: string,
    quantity: number,
    unit: Charge["unit"],
    { perGb: price, doubt }: Price,
  ): void {
    if (quantity > 0) charges.push({ kind, id, region, what, quantity, unit, price, doubt });
  }
}

function known(price: number): Price {
  return { perGb: price, doubt: undefined };
}

function monthsOf({ from, until }: Stay, period: Period): number {
  const ms = Math.min(until, period.until) - Math.max(from, period.since);
  return Math.max(0, ms) / MONTH_MS;
}

/** Uses in a period: a day counts where any of it is in there. */
export function usesWithin(uses: Uses, { since, until }: Period): number {
  const first = new Date(since).toISOString().slice(0, 10);
  const last = new Date(until).toISOString().slice(0, 10);
  return Object.entries(uses)
    .filter(([day]) => day >= first && day <= last)
    .reduce((sum, [, count]) => sum + count, 0);
}
