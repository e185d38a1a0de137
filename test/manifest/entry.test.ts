import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLine } from "../../src/manifest/entry.ts";

const good = '{"raw":"raw/a.csv","bronze":"bronze/a.csv","mtime":1.5}';
const entry = { raw: "raw/a.csv", bronze: "bronze/a.csv", mtime: 1.5 };

test.each<[string, string, object]>([
  ["an entry", good, { entry }],
  ["white space around it", ` \t${good} \r`, { entry }],
  ["further fields", good.replace("}", ',"raw2":1,"x":{"y":[]}}'), { entry }],
  [
    "a field twice: the last counts",
    good.replace("}", ',"mtime":2}'),
    { entry: { ...entry, mtime: 2 } },
  ],
  ["a negative mtime", good.replace("1.5", "-1e9"), { entry: { ...entry, mtime: -1e9 } }],
  ["an mtime of 1e11", good.replace("1.5", "1e11"), { entry: { ...entry, mtime: 1e11 } }],
  ["nothing", "", {}],
  ["white space", " \t\r", {}],
  ["not JSON", "x", { reason: expect.stringMatching(/^not JSON/) }],
  ["an array", "[]", { reason: "not a JSON object" }],
  ["null", "null", { reason: "not a JSON object" }],
  ["no raw", '{"bronze":"b","mtime":1}', { reason: "raw is missing" }],
  [
    "the longest path",
    good.replace("raw/a.csv", "x".repeat(65_536)),
    { entry: { ...entry, raw: "x".repeat(65_536) } },
  ],
  [
    "a longer one",
    good.replace("raw/a.csv", "x".repeat(65_537)),
    { reason: "raw is longer than 64 KiB" },
  ],
  [
    "null for raw",
    '{"raw":null,"bronze":"b","mtime":1}',
    { reason: expect.stringMatching(/raw is not/) },
  ],
  [
    "an mtime above 1e11",
    good.replace("1.5", "100000000001"),
    { reason: expect.stringMatching(/milliseconds/) },
  ],
  [
    "an mtime in milliseconds before 1970",
    good.replace("1.5", "-1e12"),
    { reason: expect.stringMatching(/milliseconds/) },
  ],
  [
    "half a line, then a whole one",
    `{"raw":"raw/b${good}`,
    { entry, reason: expect.stringMatching(/^glued lines: not JSON/) },
  ],
  [
    "two whole ones",
    good.replace("a.csv", "b.csv") + good,
    { entry, reason: expect.stringMatching(/^glued/) },
  ],
  [
    "a whole one, then half a line",
    `${good}{"raw":"x`,
    { reason: expect.stringMatching(/^not JSON/) },
  ],
  ["NULs, then a whole one", `\0\0\0${good}`, { entry, reason: expect.stringMatching(/^glued/) }],
])("%s", (_what, line, parsed) => {
  expect(parseLine(line)).toEqual(parsed);
});

test("every entry that is written as JSON comes back", () => {
  const path = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\0"));
  const mtime = fc.double({ min: -1e11, max: 1e11, noNaN: true }).map((value) => value + 0);
  fc.assert(
    fc.property(path, path, mtime, (raw, bronze, seconds) => {
      const value = { raw, bronze, mtime: seconds };
      expect(parseLine(JSON.stringify(value))).toEqual({ entry: value });
    }),
  );
});

test("no line makes it throw, and what it takes is an entry", () => {
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.tuple(fc.string(), fc.constant(good)).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(line, (text) => {
      const { entry: found, reason } = parseLine(text);
      if (found === undefined && reason === undefined) expect(text.trim()).toBe("");
      if (found !== undefined) {
        expect(found).toEqual({
          raw: expect.any(String),
          bronze: expect.any(String),
          mtime: expect.any(Number),
        });
      }
    }),
    { numRuns: 1000 },
  );
});
