import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startClock } from "../../src/lib/deadline.ts";

const never = new AbortController().signal;

test("the time in which a job waits for others does not count, all the rest does", async () => {
  const clock = startClock(0.05, never);
  await clock.aside(async () => void (await sleep(200)));
  expect(clock.signal.aborted).toBe(false);
  await expect(clock.rejected).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(clock.signal.aborted).toBe(true);
  clock.stop();
});

test("a job that is stopped while it waits ends with the reason, and no time runs on", async () => {
  const stop = new AbortController();
  const clock = startClock(300, stop.signal);
  const waiting = clock.aside(() => Promise.reject(new Error("stopped")));
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  await expect(clock.rejected).rejects.toThrow("stopped");
  clock.stop();
});
