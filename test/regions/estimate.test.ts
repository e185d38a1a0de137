import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_PRICES } from "../../src/regions/default-prices.ts";
import { estimate, type StagingPlan } from "../../src/regions/estimate.ts";
import { figuresOf, recommendationOf } from "../../src/regions/figures.ts";
import type { PriceTable } from "../../src/regions/prices.ts";
import { seedPrices } from "../../src/regions/seed-prices.ts";

const week: StagingPlan = {
  dataSizeGb: 100,
  instances: 10,
  regions: ["us-east-1", "us-west-2"],
  days: 7,
  countSource: false,
};

const names = Object.keys(DEFAULT_PRICES.storagePerGbMonth);
const anyPlan: fc.Arbitrary<StagingPlan> = fc.record({
  dataSizeGb: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
  instances: fc.integer({ min: 1, max: 1_000_000 }),
  regions: fc.shuffledSubarray([...names, "mars", "constructor"], { minLength: 1 }),
  days: fc.double({ min: 1e-9, max: 1e4, noNaN: true }),
  countSource: fc.boolean(),
});

/** Ours, the design's, or one where all is free. */
function tableOf(kind: string, { regions }: StagingPlan): PriceTable {
  if (kind === "seed") return seedPrices(regions);
  if (kind === "ours") return DEFAULT_PRICES;
  return { ...DEFAULT_PRICES, storagePerGbMonth: { a: 0 }, transfer: { a: { b: 0 } } };
}

const kinds = fc.constantFrom("ours", "seed", "free");

/** Checks a law with every plan and every table. */
function holds(law: (plan: StagingPlan, prices: PriceTable) => void): void {
  fc.assert(fc.property(anyPlan, kinds, (plan, kind) => law(plan, tableOf(kind, plan))));
}

test("a larger size costs no less, whichever way it takes", () => {
  holds((plan, prices) => {
    const [less, more] = [plan, { ...plan, dataSizeGb: plan.dataSizeGb * 1.5 }].map((each) =>
      estimate(each, prices),
    );
    expect(more?.staged).toBeGreaterThanOrEqual(less?.staged as number);
    expect(more?.direct.cost).toBeGreaterThanOrEqual(less?.direct.cost as number);
    expect(more?.doubts).toEqual(less?.doubts);
  });
});

test("in one region nothing is replicated or read from afar, and nothing is to be staged", () => {
  holds((plan, prices) => {
    const alone = { ...plan, regions: plan.regions.slice(0, 1) };
    const found = estimate(alone, prices);
    expect(found).toMatchObject({ pays: false, replication: { cost: 0 }, direct: { cost: 0 } });
    expect(found.breakEvenReaders).toBe(undefined);
    expect(recommendationOf(found)).toMatch(/^do not stage: readers in the region of the data/);
    if (!plan.countSource) expect(found.staged).toBe(0);
  });
});

test("staging pays from the break-even on, and with no reader less", () => {
  holds((plan, prices) => {
    const { breakEvenReaders: fewest, pays } = estimate(plan, prices);
    expect(pays).toBe(fewest !== undefined && plan.instances >= fewest);
    if (fewest === undefined) return;
    expect(estimate({ ...plan, instances: fewest }, prices).pays).toBe(true);
    if (fewest > 1) expect(estimate({ ...plan, instances: fewest - 1 }, prices).pays).toBe(false);
  });
});

test("the parts add up, and the source's storage costs what its region asks", () => {
  holds((plan, prices) => {
    const [without, withSource] = [false, true].map((countSource) =>
      estimate({ ...plan, countSource }, prices),
    );
    if (without === undefined || withSource === undefined) throw new Error("two estimates");
    const { staged, replication, storage, direct, saving } = without;
    expect(staged).toBe(replication.cost + storage.cost);
    expect(saving).toBe(direct.cost - staged);
    expect(withSource.storage.cost).toBeGreaterThanOrEqual(storage.cost);
    expect(withSource.storage.shares.length).toBe(storage.shares.length + 1);
  });
});

test("every formula gives its amount", () => {
  holds((plan, prices) => {
    const figures = figuresOf(plan, estimate(plan, prices));
    for (const { amount, formula } of [figures.replication, figures.storage, figures.direct]) {
      const value = valueOf(formula);
      expect(Math.abs(value - amount)).toBeLessThanOrEqual(0.00005 + Math.abs(value) * 1e-9);
    }
  });
});

/** Computes `100 GB × 10 × (us-west-2 0.02 + eu-west-1 0.02)`. */
function valueOf(formula: string): number {
  const factors = formula
    .replace(" GB", "")
    .split(" × ")
    .map((factor) => {
      const [, sum] = /^\((.*)\)$/.exec(factor) ?? [];
      if (sum === undefined)
        return factor
          .split("/")
          .map(Number)
          .reduce((a, b) => a / b);
      return sum.split(" + ").reduce((all, share) => all + Number(share.split(" ")[1]), 0);
    });
  return factors.reduce((a, b) => a * b);
}

test.each([
  [
    1,
    "do not stage: it costs 26.8 % more than reading it directly, and pays from 2 readers a region on",
  ],
  [2, "stage it: saves 36.6 %"],
  [10, "stage it: saves 87.3 %"],
])("at the real price %d readers a region decide", (instances, recommendation) => {
  expect(recommendationOf(estimate({ ...week, instances }, DEFAULT_PRICES))).toBe(recommendation);
});

test("where both cost the same, one reader more is needed", () => {
  const free = { "us-east-1": 0, "us-west-2": 0 };
  const found = estimate({ ...week, instances: 1 }, { ...DEFAULT_PRICES, storagePerGbMonth: free });
  expect(found).toMatchObject({ saving: 0, pays: false, breakEvenReaders: 2 });
});

test("where direct downloads are free there is nothing to save", () => {
  const free = { ...DEFAULT_PRICES, transfer: { "us-east-1": { "us-west-2": 0 } } };
  const found = estimate(week, free);
  expect(figuresOf(week, found)).toMatchObject({ savingPercent: null, breakEvenReaders: null });
  expect(recommendationOf(found)).toBe("do not stage: reading it directly costs nothing");
});

test("a price that is not known is told once, though it is looked up for copies and for readers", () => {
  const { doubts } = estimate({ ...week, regions: ["us-east-1", "mars"] }, DEFAULT_PRICES);
  expect(doubts).toEqual([
    "no price from us-east-1 to mars: 0.02, the dearest from us-east-1, is taken",
    "no price of storage in mars: 0.026, the dearest of all, is taken",
  ]);
});
