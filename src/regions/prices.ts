/** Bytes of a GB, as S3 bills. */
export const GB_BYTES = 2 ** 30;

/** Prices of a provider for keeping and moving bytes. */
export interface PriceTable {
  /** The day of these prices, `2026-11-30`. */
  readonly asOf: string;
  /** `USD`. */
  readonly currency: string;
  /** Source of the prices. */
  readonly source: string;
  /** Region → price of keeping a GB for a month of 30 days. */
  readonly storagePerGbMonth: Readonly<Record<string, number>>;
  /** Price of moving a GB from one region to another. */
  readonly transfer: Transfers;
  /** The same for readers, where they pay another price than copies from bucket to bucket. */
  readonly directTransfer?: Transfers | undefined;
  readonly requestsPerThousand?: { readonly put: number; readonly get: number } | undefined;
}

/** From → to → price of a GB. */
export type Transfers = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A price that was looked up. */
export interface Price {
  /** Price of a GB. */
  readonly perGb: number;
  /** The reason why another price stands for it; undefined where the table has it. */
  readonly doubt: string | undefined;
}

/** The price of a GB from one region to another: nothing within one, else the dearest that may be meant. */
export function transferPrice(transfers: Transfers, from: string, to: string): Price {
  if (from === to) return { perGb: 0, doubt: undefined };
  const known = own(transfers, from);
  const exact = known === undefined ? undefined : own(known, to);
  if (exact !== undefined) return { perGb: exact, doubt: undefined };
  const fromThere = Object.values(known ?? {});
  const all = Object.values(transfers).flatMap((row) => Object.values(row));
  const [candidates, whose] = fromThere.length > 0 ? [fromThere, `from ${from}`] : [all, "of all"];
  const perGb = Math.max(...candidates);
  return {
    perGb,
    doubt: `no price from ${from} to ${to}: ${perGb}, the dearest ${whose}, is taken`,
  };
}

/** The price of keeping a GB in a region for a month: the dearest of all where the table has none. */
export function storagePrice({ storagePerGbMonth }: PriceTable, region: string): Price {
  const exact = own(storagePerGbMonth, region);
  if (exact !== undefined) return { perGb: exact, doubt: undefined };
  const perGb = Math.max(...Object.values(storagePerGbMonth));
  return {
    perGb,
    doubt: `no price of storage in ${region}: ${perGb}, the dearest of all, is taken`,
  };
}

/** A member of a table, whatever it is called: `constructor` may be the name of a region. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
