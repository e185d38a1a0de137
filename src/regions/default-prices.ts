import type { PriceTable, Transfers } from "./prices.ts";

/** Region of AWS → USD for a GB that is kept for a month: S3 Standard, first 50 TB. */
const STORAGE = {
  "us-east-1": 0.023,
  "us-east-2": 0.023,
  "us-west-1": 0.026,
  "us-west-2": 0.023,
  "eu-west-1": 0.023,
  "eu-west-2": 0.024,
  "eu-central-1": 0.0245,
  "ap-south-1": 0.025,
  "ap-southeast-1": 0.025,
  "ap-southeast-2": 0.025,
  "ap-northeast-1": 0.025,
} as const;

type Region = keyof typeof STORAGE;

/** Region of AWS → USD for a GB that leaves it for another one. */
const LEAVING: Readonly<Record<Region, number>> = {
  "us-east-1": 0.02,
  "us-east-2": 0.02,
  "us-west-1": 0.02,
  "us-west-2": 0.02,
  "eu-west-1": 0.02,
  "eu-west-2": 0.02,
  "eu-central-1": 0.02,
  "ap-south-1": 0.086,
  "ap-southeast-1": 0.09,
  "ap-southeast-2": 0.098,
  "ap-northeast-1": 0.09,
};

/** The two pairs that cost something else. */
const EXCEPTIONS: Transfers = {
  "us-east-1": { "us-east-2": 0.01 },
  "us-east-2": { "us-east-1": 0.01 },
};

/**
 * Prices that are taken where nobody names others: an estimate. Readers in another region pay what a
 * copy pays; the much dearer price to the internet is not theirs. The day is that of the table of
 * transfers: it has regions that opened until then, and none that opened later.
 */
export const DEFAULT_PRICES: PriceTable = {
  asOf: "2022-08-01",
  currency: "USD",
  source:
    "AWS S3 Standard, first 50 TB; transfers between regions as the Skyplane project lists them",
  storagePerGbMonth: STORAGE,
  transfer: allTransfers(),
  requestsPerThousand: { put: 0.005, get: 0.0004 },
};

function allTransfers(): Transfers {
  const rows = Object.entries(LEAVING).map(([from, perGb]) => {
    const others = Object.keys(LEAVING).filter((to) => to !== from);
    const row = Object.fromEntries(others.map((to) => [to, perGb]));
    return [from, { ...row, ...EXCEPTIONS[from] }] as const;
  });
  return Object.fromEntries(rows);
}
