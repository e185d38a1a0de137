import { expect, test } from "vitest";
import { createBudget } from "../../src/load/budget.ts";

const HOUR_MS = 3_600_000;

test("a dataset's seconds are used up by its own work, and are there again in the next hour", () => {
  let now = 10 * HOUR_MS + 1;
  const budget = createBudget(60, () => now);
  budget.spend("a", 59_000);
  budget.spend("b", 1000);
  expect([budget.isSpent("a"), budget.isSpent("b")]).toEqual([false, false]);
  budget.spend("a", 1000);
  expect([budget.isSpent("a"), budget.isSpent("b")]).toEqual([true, false]);
  now = 11 * HOUR_MS;
  expect(budget.isSpent("a")).toBe(false);
});

test("without a limit nothing is ever used up", () => {
  const budget = createBudget(undefined, () => 0);
  budget.spend("a", Number.MAX_SAFE_INTEGER);
  expect(budget.isSpent("a")).toBe(false);
});
