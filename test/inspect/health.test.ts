import { expect, test } from "vitest";
import { type Standing, verdictOf } from "../../src/inspect/health.ts";

const NOW = Date.parse("2026-01-18T14:30:00Z");

const pass = { at: "2026-01-18T14:29:30Z", errors: 0, paused: 0 };
const well: Standing = {
  isRunning: true,
  passesWait: null,
  passFailure: null,
  lastPass: pass,
  totals: { failed: 0, acknowledged: 0, lastMinute: 0, unreadBytes: 0 },
  datasets: [],
};
const dataset = { dataset: "a/b/v1", due: 3, oldestDueSeconds: 90, waitsFor: null };
const held = { ...dataset, waitsFor: "OUTPUT_FULL: make room" };
const idle = well.totals;
const signs = { fault: null, isReady: true };

test.each<[string, Partial<Standing>, string, RegExp]>([
  ["nothing is due", {}, "well", /^nothing is due; nothing failed$/],
  ["one file failed", { totals: { ...idle, failed: 1 } }, "well", /; 1 failed$/],
  [
    "no daemon runs",
    { isRunning: false, datasets: [dataset] },
    "stopped",
    /^3 files due in 1 dataset/,
  ],
  ["the host is busy", { passesWait: "busy" }, "waits", /^busy; nothing is due$/],
  ["passes fail", { passFailure: "X: no" }, "in trouble", /^passes fail: X: no;/],
  [
    "work gets done",
    { datasets: [dataset], totals: { ...idle, lastMinute: 1 } },
    "at work",
    /the oldest for 1 min 30 s$/,
  ],
  ["nothing gets done", { datasets: [dataset] }, "stuck", /none was done in the last minute$/],
  [
    "it is just due",
    { datasets: [{ ...dataset, oldestDueSeconds: 5 }] },
    "at work",
    /^3 files due/,
  ],
  [
    "it is known why not",
    { datasets: [held] },
    "in trouble",
    /^1 dataset waits: a\/b\/v1: OUTPUT_FULL: make room; 3 files due/,
  ],
  [
    "one waits, and another is stuck",
    { datasets: [held, { ...dataset, dataset: "c/d/v1" }] },
    "stuck",
    /^6 files due in 2 datasets/,
  ],
  [
    "manifests could not be read",
    { lastPass: { ...pass, errors: 1 } },
    "in trouble",
    /^1 manifest or directory cannot be read/,
  ],
  [
    "a manifest is unread for long",
    { totals: { ...idle, unreadBytes: 10 }, lastPass: { ...pass, at: "2026-01-18T14:20:00Z" } },
    "behind",
    /10 B of manifests unread; no pass for 10 min 0 s/,
  ],
  [
    "a manifest is unread",
    { totals: { ...idle, unreadBytes: 10 } },
    "at work",
    /10 B of manifests unread$/,
  ],
])("where %s: the same word for commands and page, and why", (_what, change, word, why) => {
  const standing = { ...well, ...change };
  expect(verdictOf(standing, NOW)).toMatchObject({ word, why: expect.stringMatching(why) });
  expect(verdictOf(standing, NOW, signs)).toEqual(verdictOf(standing, NOW));
});

test("who hears of the daemon itself knows that it hangs, or has not begun", () => {
  const stuck = { word: "stuck", kind: "bad", why: "it hangs" };
  expect(verdictOf(well, NOW, { fault: "it hangs", isReady: false })).toEqual(stuck);
  expect(verdictOf(well, NOW, { fault: null, isReady: false })).toMatchObject({ word: "starting" });
});
