import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { statusLine } from "../../src/daemon/systemd/status-line.ts";
import { longestJobMs } from "../../src/config/longest-job.ts";
import { createLiveness } from "../../src/daemon/liveness.ts";
import { feedWatchdog } from "../../src/daemon/systemd/watchdog.ts";

test("a daemon that waits for work is fed for as long as it waits; one that has work is not", async () => {
  const liveness = createLiveness();
  let fed = 0;
  const hung = Promise.withResolvers<number>();
  const rested = Promise.withResolvers<void>();
  const send = () => {
    fed += 1;
    if (fed === 20) rested.resolve();
  };
  const notify = { isWanted: true, watchdogMs: 15, send, close: () => undefined };
  liveness.idle();
  const stop = feedWatchdog({ notify, liveness, longestJobMs: () => 30, onHang: hung.resolve });
  const alive = setInterval(() => undefined, 1000);
  await rested.promise;
  expect(liveness.state()).toMatchObject({ isIdle: true });
  liveness.progressed();
  expect(liveness.state()).toMatchObject({ isIdle: false });
  expect(await hung.promise).toBeGreaterThan(45);
  stop();
  clearInterval(alive);
  fed = 0;
  await sleep(50);
  expect(fed).toBe(0);
});

test("one file may take the longest limits.seconds of any dataset, twice, and the time to end it", () => {
  const text = "limits: {seconds: 5}\noverrides: [{datasets: 'a/*/*', limits: {seconds: 90}}]";
  expect(longestJobMs(parseConfig("limits: {seconds: 5}", "x"))).toBe(14_000);
  expect(longestJobMs(parseConfig(text, "x"))).toBe(184_000);
});

test("the service's line is one that a person reads at a glance", () => {
  const now = 1_000_000_000;
  const line = (entries: number, ageMs: number, more = {}) => {
    const backlog = { entries, oldestDueAt: entries === 0 ? null : now - ageMs };
    const rest = {
      rate: 0,
      passesWait: undefined,
      trouble: undefined,
      refusal: undefined,
      ...more,
    };
    return statusLine({ backlog, ...rest }, now);
  };
  expect(line(0, 0)).toBe("no file waits");
  expect(line(1, 900)).toBe("1 file waits, oldest 1 s");
  expect(line(12_345, 200_000, { rate: 4100 })).toBe(
    "12,345 files wait, oldest 3 min; 4,100 files/s",
  );
  expect(line(2, 90_000_000, { rate: 0.25, passesWait: "CPU 91 %" })).toBe(
    "2 files wait, oldest 1 d; 0.3 files/s; passes wait: CPU 91 %",
  );
  expect(line(0, 0, { trouble: "passes fail: SQLITE_FULL" })).toBe(
    "no file waits; passes fail: SQLITE_FULL",
  );
  expect(line(0, 0, { refusal: "config.yaml:3: no" })).toBe(
    "no file waits; configuration refused, the old one stays: config.yaml:3: no",
  );
});

test("when it last did something is told by the clock as it is set now", () => {
  const HOUR_MS = 3_600_000;
  const liveness = createLiveness();
  const { progressAt } = liveness.state();
  expect(liveness.state().progressAt).toBe(progressAt);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR_MS });
  try {
    // As another process judges it, nothing has hung for an hour.
    expect(Date.now() - liveness.state().progressAt).toBeLessThan(HOUR_MS / 2);
    vi.setSystemTime(Date.now() - 2 * HOUR_MS);
    expect(liveness.state().progressAt).toBeLessThanOrEqual(Date.now());
  } finally {
    vi.useRealTimers();
  }
});
