import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_PRICES } from "../../src/regions/default-prices.ts";
import { pricesIn } from "../../src/regions/price-schema.ts";
import { storagePrice, transferPrice } from "../../src/regions/prices.ts";
import { seedPrices } from "../../src/regions/seed-prices.ts";

const transfers = { a: { b: 0.01, c: 0.05 }, b: { a: 0.2 }, c: {} };
const storage = { ...DEFAULT_PRICES, storagePerGbMonth: { a: 0.02, b: 0.03 } };

test.each([
  ["a", "b", 0.01, undefined],
  ["a", "a", 0, undefined],
  ["z", "z", 0, undefined],
  ["a", "z", 0.05, "no price from a to z: 0.05, the dearest from a, is taken"],
  ["a", "constructor", 0.05, "no price from a to constructor: 0.05, the dearest from a, is taken"],
  ["z", "a", 0.2, "no price from z to a: 0.2, the dearest of all, is taken"],
  ["c", "a", 0.2, "no price from c to a: 0.2, the dearest of all, is taken"],
  ["toString", "a", 0.2, "no price from toString to a: 0.2, the dearest of all, is taken"],
])("a GB from %s to %s costs %d", (from, to, perGb, doubt) => {
  expect(transferPrice(transfers, from, to)).toEqual({ perGb, doubt });
});

test("storage in a region that is not known costs what the dearest does", () => {
  expect(storagePrice(storage, "a")).toEqual({ perGb: 0.02, doubt: undefined });
  const doubt = "no price of storage in z: 0.03, the dearest of all, is taken";
  expect(storagePrice(storage, "z")).toEqual({ perGb: 0.03, doubt });
});

test("a price that is taken for another is never lower than one from the same source", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e");
  fc.assert(
    fc.property(name, name, (from, to) => {
      const { perGb, doubt } = transferPrice(transfers, from, to);
      const known = Object.values((transfers as Record<string, object>)[from] ?? {}) as number[];
      if (doubt !== undefined) expect(perGb).toBeGreaterThanOrEqual(Math.max(0, ...known));
    }),
  );
});

test("our own tables are valid, and know every pair of their regions", () => {
  const regions = Object.keys(DEFAULT_PRICES.storagePerGbMonth);
  expect(regions).toHaveLength(11);
  const seed = seedPrices(regions);
  for (const prices of [DEFAULT_PRICES, seed]) {
    expect(pricesIn(prices, "ours")).toEqual(prices);
    for (const from of regions)
      for (const to of regions)
        for (const table of [prices.transfer, prices.directTransfer ?? prices.transfer])
          expect(transferPrice(table, from, to).doubt).toBe(undefined);
  }
  expect(transferPrice(DEFAULT_PRICES.transfer, "us-east-2", "us-east-1").perGb).toBe(0.01);
});

const valid = {
  asOf: "2026-11-30",
  currency: "USD",
  source: "contract",
  storagePerGbMonth: { a: 0.02 },
  transfer: { a: { b: 0.01 } },
};

test("a table of prices has all that it needs, and no more", () => {
  const whole = {
    ...valid,
    directTransfer: { a: { b: 0.09 } },
    requestsPerThousand: { put: 0.005, get: 0.0004 },
  };
  expect(pricesIn(whole, "p")).toEqual(whole);
});

test.each([
  ["no table", "text", /^p: .*expected object/],
  ["an unknown key", { ...valid, storrage: 1 }, /^p: .*storrage/],
  ["no day", { ...valid, asOf: "soon" }, "p: asOf: the day of the prices, such as 2026-11-30"],
  ["no currency", { ...valid, currency: "$" }, "p: currency: three letters, such as USD"],
  ["no source", { ...valid, source: undefined }, "p: source: say where the prices were found"],
  [
    "a price as text",
    { ...valid, transfer: { a: { b: "0.01" } } },
    "p: transfer.a.b: a price is a number",
  ],
  [
    "a price that is not finite",
    { ...valid, transfer: { a: { b: Infinity } } },
    "p: transfer.a.b: a price is a number",
  ],
  [
    "a price below 0",
    { ...valid, storagePerGbMonth: { a: -1 } },
    "p: storagePerGbMonth.a: a price is not below 0",
  ],
  ["no storage", { ...valid, storagePerGbMonth: {} }, "p: storagePerGbMonth: names no region"],
  [
    "a transfer that is missing",
    { ...valid, transfer: undefined },
    "p: transfer: from → to → price of a GB",
  ],
  [
    "no transfer",
    { ...valid, transfer: { a: {} } },
    "p: transfer: names no price from one region to another",
  ],
  [
    "a price within a region",
    { ...valid, transfer: { a: { a: 0.01, b: 0.01 } } },
    "p: transfer.a.a: within a region it is free",
  ],
])("a table with %s is refused, with the place", (_what, value, message) => {
  expect(() => pricesIn(value, "p")).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    }),
  );
});

test("every mistake is on a line of its own", () => {
  const value = { ...valid, currency: "$", transfer: { a: { b: -1 } } };
  expect(() => pricesIn(value, "p")).toThrow(/^p: currency: .*\np: transfer\.a\.b: .*$/);
});
