import { expect, test } from "vitest";
import { watchClock } from "../../src/lib/clock-jumps.ts";

test("a clock that goes on as the steady one does was not set, one that jumps in either direction was", () => {
  let [wall, steady] = [1_700_000_000_000, 0];
  const wasClockSet = watchClock(
    () => wall,
    () => steady,
  );
  expect(wasClockSet()).toBe(true);
  for (const [step, isSet] of [
    [0, false],
    [-7_200_000, true],
    [0, false],
    [31_536_000_000, true],
    [300, false],
  ] as const) {
    steady += 60_000;
    wall += 60_000 + step;
    expect(wasClockSet()).toBe(isSet);
  }
});
