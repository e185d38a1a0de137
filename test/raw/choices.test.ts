import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { changesOf, ignoring, joinNames, splitNames } from "../../src/raw/names.ts";
import { hasRested, readinessOf } from "../../src/raw/ready.ts";
import { isSameTime } from "../../src/raw/same-time.ts";
import { settledState } from "../../src/raw/settled-state.ts";
import { decideFound, type KnownFile } from "../../src/store/decide.ts";

const { raw } = loadConfig({ prefix: "/lake", env: {}, config: undefined }).forDataset("a/b/c");

describe("names", () => {
  const isIgnored = ignoring(raw.ignore);

  test.each(["temp_a.csv", ".a", "_SUCCESS", "a.csv.part", "a._COPYING_", "a.csv~", "temp_a\nb"])(
    "%j is not looked at",
    (name) => expect(isIgnored(name)).toBe(true),
  );

  test.each(["a.csv", "temp", "atemp_.csv", "a.part.csv", "part", "a\n.csv", "ä.csv"])(
    "%j is",
    (name) => expect(isIgnored(name)).toBe(false),
  );

  test("a glob matches a whole name: * any characters, ? one, and nothing else is special", () => {
    const isMatched = ignoring(["a?c*.csv", "[x].+"]);
    expect(["abc.csv", "abcd\ne.csv", "a😀c.csv", "[x].+"].every(isMatched)).toBe(true);
    expect(["ac.csv", "abc.csvx", "x..", "zabc.csv"].some(isMatched)).toBe(false);
  });

  test("names that came and that are gone, in any order", () => {
    const known = joinNames(["a", "b\n", "c"]);
    expect(changesOf(known, ["c", "d", "a"])).toEqual({ came: ["d"], gone: ["b\n"] });
    expect(changesOf("", ["a"])).toEqual({ came: ["a"], gone: [] });
    expect(changesOf("a", [])).toEqual({ came: [], gone: ["a"] });
    expect(splitNames(known)).toEqual(["a", "b\n", "c"]);
  });
});

describe("ready", () => {
  test("a marker beside the file, or one for all of its directory", () => {
    const beside = readinessOf({ ready: "marker", marker: "{name}.done" });
    expect(beside.markerOf("a.csv")).toBe("a.csv.done");
    expect(["a.csv.done", "b.done"].every(beside.isMarker)).toBe(true);
    expect(["a.csv", ".done"].some(beside.isMarker)).toBe(false);
    const forAll = readinessOf({ ready: "marker", marker: "_SUCCESS" });
    expect(forAll.markerOf("a.csv")).toBe("_SUCCESS");
    expect(forAll.isMarker("_SUCCESS")).toBe(true);
    const named = readinessOf({ ready: "name", marker: "{name}.done" });
    expect(named.markerOf("a.csv")).toBeUndefined();
    expect(named.isMarker("a.csv.done")).toBe(false);
  });

  test("a file has rested once it looked the same twice, so far apart", () => {
    const at = (now: number) => ({ now, quietSeconds: 60 });
    expect(hasRested(undefined, "x", at(100_000))).toBe(false);
    expect(hasRested({ seen: "x", since: 40_000 }, "x", at(99_999))).toBe(false);
    expect(hasRested({ seen: "x", since: 40_000 }, "x", at(100_000))).toBe(true);
    expect(hasRested({ seen: "y", since: 0 }, "x", at(100_000))).toBe(false);
    expect(hasRested({ seen: "x", since: 200_000 }, "x", at(100_000))).toBe(false);
  });
});

describe("times", () => {
  const file = 1_737_200_000.123_456;

  test.each([file, 1_737_200_000.123_456_5, 1_737_200_000.123, 1_737_200_000, 1_737_200_001])(
    "%d says the same as the file's own mtime",
    (line) => expect(isSameTime(line, file)).toBe(true),
  );

  test.each([1_737_200_000.122, 1_737_200_000.5, 1_737_199_999, 1_737_200_002])(
    "%d does not",
    (line) => expect(isSameTime(line, file)).toBe(false),
  );

  const sight = { state: "1:2:3", changedAt: 10_000, isRemote: false };

  test("a directory that changed a moment ago is listed again: a change in the same tick has its times", () => {
    expect(settledState({ ...sight, listedAt: 11_999 }, undefined)).toBe("");
    expect(settledState({ ...sight, listedAt: 12_000 }, undefined)).toBe("1:2:3");
    // A clock that was set back.
    expect(settledState({ ...sight, listedAt: 5000 }, undefined)).toBe("");
  });

  test("on a file server, whose clock may be behind, a state has to be seen twice", () => {
    const remote = { ...sight, isRemote: true };
    const once = settledState({ ...remote, listedAt: 50_000 }, undefined);
    expect(once).not.toBe("1:2:3");
    const seen = { state: once, listedAt: 50_000 };
    expect(settledState({ ...remote, listedAt: 51_000 }, seen)).toBe(once);
    expect(settledState({ ...remote, listedAt: 52_000 }, seen)).toBe("1:2:3");
    expect(settledState({ ...remote, state: "1:9:9", listedAt: 52_000 }, seen)).toBe("once 1:9:9");
  });
});

describe("decisions on a file that was found", () => {
  const file = { mtime: 5.25, inode: "7", size: 10 };
  const sampled: KnownFile = {
    nextAt: null,
    outcome: "sampled",
    doneMtime: 5.25,
    mtime: 5.25,
    inode: "7",
    sourceSize: 10,
  };

  test.each<[string, KnownFile | undefined, string]>([
    ["an unknown one", undefined, "due"],
    ["one that was sampled", sampled, "unchanged"],
    ["one whose sample retention removed", { ...sampled, outcome: "pruned" }, "unchanged"],
    ["one that failed", { ...sampled, outcome: "failed", sourceSize: null }, "unchanged"],
    ["one that waits", { ...sampled, outcome: null, nextAt: 1, doneMtime: null }, "unchanged"],
    ["one that was gone before", { ...sampled, outcome: null, doneMtime: null }, "due"],
    ["one of another time", { ...sampled, mtime: 6, doneMtime: 6 }, "due"],
    ["another one of the same time", { ...sampled, inode: "8" }, "due"],
    ["one of another size", { ...sampled, sourceSize: 11 }, "due"],
    ["another version of one that waits", { ...sampled, nextAt: 1, mtime: 6 }, "superseding"],
    ["what a line has named", { ...sampled, inode: null }, "unchanged"],
    ["what a line has named in whole seconds", { ...sampled, inode: null, mtime: 5 }, "unchanged"],
    ["an older version than a line has named", { ...sampled, inode: null, mtime: 9 }, "unchanged"],
    ["a newer version than a line has named", { ...sampled, inode: null, mtime: 2 }, "due"],
  ])("%s", (_, known, decision) => expect(decideFound(file, known)).toBe(decision));
});
