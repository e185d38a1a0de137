import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startDeadline } from "../../src/lib/deadline.ts";

const never = new AbortController().signal;

test("the time in which a job waits for others does not count, all the rest does", async () => {
  const deadline = startDeadline(0.05, never);
  await deadline.aside(async () => void (await sleep(200)));
  expect(deadline.signal.aborted).toBe(false);
  await expect(deadline.rejected).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(deadline.signal.aborted).toBe(true);
  deadline.stop();
});

test("a job that is stopped while it waits ends with the reason, and no time runs on", async () => {
  const stop = new AbortController();
  const deadline = startDeadline(300, stop.signal);
  const waiting = deadline.aside(() => Promise.reject(new Error("stopped")));
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  await expect(deadline.rejected).rejects.toThrow("stopped");
  deadline.stop();
});
