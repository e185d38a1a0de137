import { expect, test } from "vitest";
import type { FailureCode } from "../../src/errors.ts";
import { nextTry } from "../../src/sampling/drain/retry.ts";

const HOUR = 3_600_000;
const now = 1_700_000_000_000;

test.each<[FailureCode, number, number, number | null]>([
  ["FILE_MISSING", 1, 0, 5000],
  ["FILE_MISSING", 2, 5000, 10_000],
  ["FILE_UNREADABLE", 4, 35_000, 40_000],
  ["FILE_CHANGED", 10, 2 * HOUR, 2_560_000],
  ["FILE_MISSING", 11, 3 * HOUR, HOUR],
  ["FILE_MISSING", 2000, 23 * HOUR, HOUR],
  ["FILE_MISSING", 30, 24 * HOUR - 1, HOUR],
  ["FILE_MISSING", 30, 24 * HOUR, null],
  ["TIMEOUT", 1, 0, 5000],
  ["TIMEOUT", 2, 5000, 10_000],
  ["TIMEOUT", 3, 15_000, null],
  ["FORMAT_INVALID", 1, 0, null],
  ["LIMIT_EXCEEDED", 1, 0, null],
  ["PATH_REFUSED", 1, 0, null],
  ["LINE_INVALID", 1, 0, null],
  ["UNEXPECTED", 1, 0, null],
])("%s, attempt %d, %d ms after the first: again after %s", (code, attempts, age, wait) => {
  const next = nextTry({ code, attempts, failedAt: now - age }, now);
  expect(next).toBe(wait === null ? null : now + wait);
});
