/* oxlint-disable no-control-regex -- a terminal is told what to do with them */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createBar, progressText } from "../../src/cli/output/progress-bar.ts";
import { createWorld, rows } from "../helpers/world.ts";
import { hasTerminal, onTerminal } from "./terminal.ts";

const CLEARED = "\r\u001b[K";

/** A bar that writes into a text, at times that the test says (ms). */
function barAt(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  const err = Object.assign(new PassThrough(), { isTTY, columns: 60 });
  let now = 1000;
  const bar = createBar({ err: err as unknown as NodeJS.WriteStream, env }, "files", () => now);
  return {
    bar,
    at(ms: number): void {
      now = 1000 + ms;
    },
    written: () => String((err.read() as Buffer | null) ?? ""),
  };
}

test.each([
  [{ done: 12_000, total: 100_000, rate: 4100 }, "12,000 of 100,000 files, 4,100/s, 22 s left"],
  [{ done: 5, total: 100_000, rate: 0.5 }, "5 of 100,000 files, 0.5/s, 2 d 7 h left"],
  [{ done: 1, total: 2, rate: undefined }, "1 of 2 files"],
  [{ done: 7, total: undefined, rate: 20 }, "7 files, 20/s"],
  [{ done: 8, total: 5, rate: 20 }, "8 of 8 files, 20/s"],
])("how far it is reads %j", (progress, text) => {
  expect(progressText({ ...progress, what: "files" })).toBe(text);
});

test("without a terminal there are plain lines, rarer ones later, and none before three seconds", () => {
  const { bar, at, written } = barAt(false);
  for (let ms = 0; ms < 3000; ms += 10) {
    at(ms);
    bar.update(ms, () => 200_000);
  }
  expect(written()).toBe("");
  const times: number[] = [];
  for (let ms = 3000; ms <= 200_000; ms += 10) {
    at(ms);
    bar.update(ms, () => 200_000);
    if (written() !== "") times.push(ms / 1000);
  }
  expect(times.slice(0, 4)).toEqual([3, 8, 13, 18]);
  expect(times.at(-1)).toBeGreaterThan(190);
  expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBeGreaterThan(8);
  bar.end();
  expect(written()).toBe("");
});

test("the rate is that of the last ten seconds, not of the whole time", () => {
  const { bar, at, written } = barAt(false);
  let done = 0;
  for (let ms = 0; ms <= 60_000; ms += 100) {
    done += ms < 30_000 ? 1 : 100;
    at(ms);
    bar.update(done, () => undefined);
  }
  const lines = written().trim().split("\n");
  expect(lines[0]).toMatch(/files, 10\/s$/);
  expect(lines.at(-1)).toMatch(/files, 1,0\d\d\/s$/);
});

test("on a terminal the bar is one line, and what is said stays above it", () => {
  const { bar, at, written } = barAt(true);
  at(200);
  bar.update(10, () => 40);
  expect(written()).toBe(
    `\r${"█".repeat(6)}${"░".repeat(18)}  25% 10 of 40 files, 50/s, 1 s lef\u001b[K`,
  );
  bar.say("something went wrong");
  expect(written()).toBe(`${CLEARED}something went wrong\n`);
  bar.update(20, () => 40);
  expect(written()).toMatch(/^\r.*50% 20 of 40 files/);
  bar.end();
  bar.end();
  expect(written()).toBe(CLEARED);
});

test("what there is in all is asked for only when it is shown", () => {
  const { bar, at, written } = barAt(true);
  let asked = 0;
  for (let ms = 0; ms < 1000; ms += 1) {
    at(ms);
    bar.update(ms, () => (asked += 1));
  }
  expect(asked).toBe(10);
  expect(written().split("\r")).toHaveLength(11);
});

test("a terminal that can do nothing gets plain lines", () => {
  const { bar, at, written } = barAt(true, { TERM: "dumb" });
  at(4000);
  bar.update(10, () => 40);
  expect(written()).toBe("10 of 40 files, 2.5/s, 12 s left\n");
});

test.skipIf(!hasTerminal)(
  "run, audit and prune show a bar on a terminal and take it away",
  async () => {
    await using world = await createWorld();
    for (let i = 0; i < 300; i += 1) await world.put(`${i}.csv`, rows(3));
    const env = { STAGING_SAMPLER_CONFIG: world.config, TERM: "xterm" };
    const commands = [
      { args: ["run", "--once"], what: "files", result: /sampled 300/ },
      { args: ["audit"], what: "checks", result: /acme\/orders\/v1 +300/ },
      { args: ["prune"], what: "samples", result: /299 samples removed/ },
    ];
    for (const { args, what, result } of commands) {
      if (args[0] === "prune") await world.configure({ retention: { maxFiles: 1 } });
      await using shown = await onTerminal(args, env);
      await shown.until(new RegExp(`\\r[█░]{24} +\\d+% [\\d,]+ of [\\d,]+ ${what}`));
      await shown.until(result);
      expect(await shown.exited()).toBe(0);
      const [, after = ""] = shown.seen().split(/\u001b\[K(?=[^\u001b]*$)/);
      expect(after).toMatch(result);
    }
  },
);
