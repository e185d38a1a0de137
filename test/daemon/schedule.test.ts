import { afterEach, expect, test, vi } from "vitest";
import { nextTimeOf } from "../../src/lib/cron.ts";
import { beginSchedule, createLook } from "../../src/daemon/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const zone = process.env["TZ"];

afterEach(() => {
  vi.useRealTimers();
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

/**
 * Sleeps as long as each look says, from one time to another; returns the times at which it was
 * due.
 */
function dueTimes(expression: string, from: string, to: string): string[] {
  const look = createLook(nextTimeOf(expression));
  const due: string[] = [];
  for (let now = Date.parse(from); now < Date.parse(to);) {
    const { isDue, waitMs } = look(now);
    if (isDue) due.push(new Date(now).toISOString().slice(11, 16));
    expect(waitMs).toBeGreaterThan(0);
    now += waitMs;
  }
  return due;
}

test("an expression goes on through both hours of the night in which daylight saving ends", () => {
  process.env["TZ"] = "Europe/Berlin";
  const night = ["2025-10-25T23:59:00Z", "2025-10-26T02:01:00Z"] as const;
  expect(dueTimes("*/30 * * * *", ...night)).toEqual(["00:00", "00:30", "01:00", "01:30", "02:00"]);
  expect(dueTimes("30 2 * * *", ...night)).toEqual(["00:30"]);
  expect(dueTimes("* * * * * *", "2025-10-26T00:59:58Z", "2025-10-26T01:00:02Z")).toHaveLength(3);
});

test("an expression for the hour that is left out when daylight saving begins comes all the same", () => {
  process.env["TZ"] = "Europe/Berlin";
  const night = ["2025-03-30T00:00:00Z", "2025-03-30T03:00:00Z"] as const;
  expect(dueTimes("30 2 * * *", ...night)).toEqual(["01:00"]);
  expect(dueTimes("*/30 * * * *", ...night)).toHaveLength(5);
});

test.each([
  ["every five minutes", "*/5 * * * *", 5 * MINUTE],
  ["each second", "* * * * * *", 1000],
])("%s: a clock set back by two hours or a year delays nothing", (_what, expression, everyMs) => {
  const look = createLook(nextTimeOf(expression));
  const noon = Date.parse("2026-05-01T12:00:00Z");
  look(noon);
  for (const setBack of [2 * HOUR, 365 * 24 * HOUR]) {
    expect(look(noon - setBack).waitMs).toBeLessThanOrEqual(30_000);
    expect(look(noon - setBack + everyMs)).toMatchObject({ isDue: true });
  }
});

test.each(["*/5 * * * *", "* * * * * *", "0 3 * * *"])(
  "%s: what a clock set forward by a year passes by comes once",
  (expression) => {
    const look = createLook(nextTimeOf(expression));
    const now = Date.parse("2026-05-01T12:00:00.500Z");
    look(now);
    const later = now + 365 * 24 * HOUR;
    expect(look(later)).toMatchObject({ isDue: true });
    expect(look(later + 1)).toMatchObject({ isDue: false });
  },
);

test("the longest sleep is 30 s, so that no time is missed by more when the clock is set meanwhile", () => {
  const look = createLook(nextTimeOf("0 0 29 2 *"));
  expect(look(Date.parse("2026-05-01T12:00:00Z"))).toEqual({ isDue: false, waitMs: 30_000 });
});

test("the default comes every minute, whatever the clock says", () => {
  vi.useFakeTimers();
  let passes = 0;
  const end = beginSchedule("* * * * *", () => (passes += 1));
  for (const set of [-2 * HOUR, 365 * 24 * HOUR, -400 * 24 * HOUR, 0]) {
    vi.setSystemTime(Date.now() + set);
    vi.advanceTimersByTime(MINUTE);
  }
  expect(passes).toBe(4);
  end();
  vi.advanceTimersByTime(10 * MINUTE);
  expect(passes).toBe(4);
});

test("another expression ends as well", () => {
  vi.useFakeTimers();
  let passes = 0;
  const end = beginSchedule("* * * * * *", () => (passes += 1));
  vi.advanceTimersByTime(5000);
  expect(passes).toBe(5);
  end();
  vi.advanceTimersByTime(5000);
  expect(passes).toBe(5);
});

test.each([
  ["sometimes", /five/],
  ["61 * * * *", /minute/],
  ["* * * *", /five/],
  ["* * * * * * 2030", /5 or 6/],
  ["2030-01-01T00:00:00", /a date/],
  ["0 0 31 2 *", /no such day/],
])("%s is no expression, and it is told why", (text, why) => {
  expect(() => nextTimeOf(text)).toThrow(why);
});

test.each([
  "@hourly",
  "0 0 L * *",
  "0 0 * * mon-fri",
  "0 0 1 jan *",
  "15,45 9-17/2 * * 1#2",
  " * * * * * ",
])("%s is one", (text) => {
  expect(nextTimeOf(text)(0)).toBeGreaterThan(0);
});
