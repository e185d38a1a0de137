import { expect, test } from "vitest";
import { chargesOf, type Stay } from "../../src/regions/charges.ts";
import { costReport } from "../../src/regions/cost-report.ts";
import { costsById, costsOf } from "../../src/regions/costs.ts";
import { seedPrices } from "../../src/regions/seed-prices.ts";
import { staysOfAnswers } from "../../src/regions/stays.ts";
import { stagingDocument } from "./staging-document.ts";

const REGIONS = ["us-east-1", "us-west-2"];
const prices = seedPrices(REGIONS);
const start = Date.parse("2026-11-01T00:00:00Z");
const DAY_MS = 86_400_000;
const always = { since: 0, until: start + 7 * DAY_MS };
/** 100 GiB, in two regions for a week, fetched by 23 and 24 machines: the design's example of `info`. */
const east: Stay = {
  id: "stage-0123456789ab",
  region: "us-east-1",
  first: "us-east-1",
  bytes: 100 * 2 ** 30,
  from: start,
  until: Infinity,
  files: 1,
  putRequests: 6402,
  uses: { "2026-11-02": 20, "2026-11-05": 3 },
};
const west: Stay = { ...east, region: "us-west-2", uses: { "2026-11-02": 24 } };
const amounts = (stays: readonly Stay[], period = always, table = prices) => {
  const charges = stays.flatMap((stay) => chargesOf(stay, period, table));
  return Object.fromEntries(
    Object.entries(costsOf(charges)).map(([name, { amount }]) => [name, amount]),
  );
};

test("the design's staging costs what its formulas give, and readers of the first region save nothing", () => {
  expect(amounts([east, west])).toEqual({
    replication: 2,
    source: 0.5367,
    storage: 0.5367,
    requests: 0,
    total: 3.0733,
    direct: 216,
    saving: 213.4633,
  });
});

test("every figure has its formula, with quantities and prices", () => {
  const charges = [east, west].flatMap((stay) => chargesOf(stay, always, prices));
  const costs = costsOf([...charges, ...chargesOf({ ...west, id: "b" }, always, prices)]);
  expect(costs.replication.formula).toBe("us-east-1 → us-west-2 200 GB × 0.02");
  expect(costs.storage.formula).toBe("us-west-2 46.6667 GB-months × 0.023");
  expect(costs.direct.formula).toBe("us-east-1 → us-west-2 4800 GB × 0.09");
  expect(costs.requests.formula).toBe("nothing");
});

test("only what falls into a period counts: copies by when they were complete, uses by day", () => {
  const period = { since: start + 3 * DAY_MS, until: start + 5 * DAY_MS };
  expect(amounts([east, west], period)).toMatchObject({
    replication: 0,
    source: 0.1533,
    storage: 0.1533,
    direct: 0,
  });
  const later = { since: start + 30 * DAY_MS, until: start + 40 * DAY_MS };
  const removed = { until: start + 7 * DAY_MS };
  expect(
    amounts(
      [
        { ...east, ...removed },
        { ...west, ...removed },
      ],
      later,
    )["total"],
  ).toBe(0);
  const first = { since: start, until: start + DAY_MS };
  expect(amounts([west], first)).toMatchObject({ replication: 2, storage: 0.0767, direct: 216 });
});

test("requests count where the prices have them: those that put it, and those of each download", () => {
  const table = { ...prices, requestsPerThousand: { put: 0.005, get: 0.0004 } };
  // 2 × 6,402 to put it; 47 downloads of a file, a list and a document.
  const cost = (12_804 * 0.005 + 141 * 0.0004) / 1000;
  expect(amounts([east, west], always, table)["requests"]).toBe(Number(cost.toFixed(4)));
});

test("a price that is not known is the dearest, and said", () => {
  const table = { ...prices, storagePerGbMonth: { elsewhere: 1 } };
  const doubts = chargesOf(west, always, table).flatMap(({ doubt }) => doubt ?? []);
  expect(doubts).toEqual(["no price of storage in us-west-2: 1, the dearest of all, is taken"]);
});

test("of compressed files the bytes that are stored count", () => {
  const more = { size_bytes: 2 ** 33, stored_bytes: 2 ** 30, compression: "gzip" } as const;
  const document = stagingDocument({ ...more, completed_at: new Date(start).toISOString() });
  expect(staysOfAnswers([{ region: "east", document }])).toMatchObject([{ bytes: 2 ** 30 }]);
});

test("the dearest staging is first, and removed ones are there, once", () => {
  const there = stagingDocument({
    regions: REGIONS,
    region: "us-east-1",
    size_bytes: 2 ** 30,
    completed_at: new Date(start).toISOString(),
    sweep_id: "s",
  });
  const removed = { ...there, staging_id: "stage-b00000000000", size_bytes: 2 ** 33 };
  const ended = { deleted_at: new Date(start + DAY_MS).toISOString(), uses: { "2026-11-01": 2 } };
  const never = { ...there, staging_id: "stage-c00000000000", completed_at: null };
  const answer = { region: "us-east-1", uses: {} };
  const known = {
    stagings: new Map([
      [there.staging_id, [{ ...answer, document: there }]],
      [never.staging_id, [{ ...answer, document: never }]],
    ]),
    // The deletion of one is not over: it is still there.
    ended: [removed, there].map((document) => Object.assign({}, document, ended)),
  };
  const report = costReport(known, always, { prices });
  expect(report.stagings).toEqual([
    {
      staging_id: removed.staging_id,
      cost: 0.0061,
      saving: 0,
      filename: "a",
      size_bytes: 2 ** 33,
      sweep_id: "s",
      is_there: false,
      uses: 2,
    },
    expect.objectContaining({ staging_id: there.staging_id, cost: 0.0054, is_there: true }),
  ]);
  const { staging_id: id } = there;
  expect(costReport(known, always, { prices, id }).total.amount).toBe(0.0054);
  expect(costReport(known, always, { prices, sweepId: "other" }).stagings).toEqual([]);
  expect(costsById([])).toEqual([]);
});
