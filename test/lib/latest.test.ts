import { expect, test } from "vitest";
import { createLatest } from "../../src/lib/latest.ts";
import { allOf } from "../helpers/all-of.ts";

test("a reader sees the value, and each change it is quick enough for", async () => {
  const latest = createLatest(0);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const value of latest.values()) {
      seen.push(value);
      if (value < 3) latest.set(value + 1);
      else latest.end();
    }
  })();
  await reading;
  expect(seen).toEqual([0, 1, 2, 3, 3]);
});

test("a slow reader misses some, and never the last one", async () => {
  const latest = createLatest("a");
  const reader = latest.values();
  expect((await reader.next()).value).toBe("a");
  latest.set("b");
  latest.set("c");
  latest.end();
  expect(await allOf(reader)).toEqual(["c"]);
});

test("one that has ended is told once more, to whoever comes then", async () => {
  const latest = createLatest(1);
  latest.end();
  expect(await allOf(latest.values())).toEqual([1]);
});
