import { expect, test } from "vitest";
import { createWaits, type Wait } from "../../src/store/waits.ts";

const NOW = Date.parse("2026-01-18T14:30:00Z");
const MINUTE = 60_000;
const wait = (code: Wait["code"], at = NOW): Wait => ({ dataset: "a/b/v1", code, message: "", at });

test("a dataset waits no more once something of it is settled, or a pass found no reason", () => {
  const waits = createWaits();
  waits.add(wait("OUTPUT_FULL"));
  waits.settled("another");
  waits.passed({ begunAt: NOW - MINUTE, isDrained: true });
  waits.passed({ begunAt: NOW + MINUTE, isDrained: false });
  expect(waits.all()).toEqual([wait("OUTPUT_FULL")]);
  waits.settled("a/b/v1");
  expect(waits.all()).toEqual([]);
  waits.add(wait("OUTPUT_FULL"));
  waits.passed({ begunAt: NOW + MINUTE, isDrained: true });
  expect(waits.all()).toEqual([]);
});

test("a budget that is used up holds until the hour is over, whatever was still in work", () => {
  const waits = createWaits();
  waits.add(wait("OVER_BUDGET"));
  waits.settled("a/b/v1");
  waits.passed({ begunAt: NOW + 29 * MINUTE, isDrained: true });
  expect(waits.all()).toHaveLength(1);
  waits.passed({ begunAt: NOW + 31 * MINUTE, isDrained: true });
  expect(waits.all()).toEqual([]);
});

test("a manifest that cannot be read keeps its dataset waiting, though older lines are settled", () => {
  const waits = createWaits();
  waits.add(wait("MANIFEST_UNREADABLE"));
  waits.settled("a/b/v1");
  expect(waits.all()).toHaveLength(1);
});
