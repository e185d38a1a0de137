import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLine, plainEntryAt, plainLinesAt } from "../../src/manifest/entry.ts";

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
  [
    "NUL, which no database keeps",
    "\0x",
    { reason: expect.stringMatching(/^not JSON: [^\0]*\ufffd/) },
  ],
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

test("a line that is taken by its pattern is what JSON says it is", () => {
  const path = fc.oneof(
    fc.stringMatching(/^[ -!#-[\]-~]{1,8}$/),
    fc.string({ unit: "binary-ascii", maxLength: 8 }),
    fc.constantFrom("raw/a.csv", "a\\u0041", "b\\\\", 'c"', "\u007f", "x".repeat(65_536)),
  );
  const mtime = fc.oneof(
    fc.stringMatching(/^[1-9]\d{0,9}(\.\d{1,9})?$/),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.stringMatching(/^-?\d{1,12}(\.\d{0,10})?$/),
  );
  const space = fc.constantFrom("", " ", "  ");
  const parts = fc.tuple(path, path, mtime, space, fc.constantFrom("", "", " ", "}", ',"x":1'));
  let taken = 0;
  fc.assert(
    fc.property(parts, fc.nat(3), ([raw, bronze, time, gap, more], at) => {
      const line = `{"raw":${gap}"${raw}",${gap}"bronze":${gap}"${bronze}","mtime":${time}${more}}`;
      const found = plainEntryAt(`${" ".repeat(at)}${line}\n${line}\n`, at);
      if (found === undefined) return;
      taken += 1;
      expect({ entry: found }).toEqual(parseLine(line));
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(50);
});

test.each([
  ["as Python writes it", '{"raw": "raw/a.csv", "bronze": "bronze/a.csv", "mtime": 1.5}', true],
  ["as JavaScript writes it", good, true],
  ["a field more", good.replace("}", ',"x":1}'), false],
  ["an escape", good.replace("a.csv", "a\\u0041.csv"), false],
  ["an empty path", good.replace("raw/a.csv", ""), false],
  ["a path that is too long", good.replace("raw/a.csv", "x".repeat(65_537)), false],
  ["an mtime in milliseconds", good.replace("1.5", "1737200000000"), false],
])("%s: read by pattern is %s", (_what, line, isPlain) => {
  const found = plainEntryAt(`${line}\n`, 0);
  expect(found).toEqual(isPlain ? entry : undefined);
});

test("plain lines are passed over up to one that is not, and counted", () => {
  const path = (bytes: number) => `{"raw":"${"x".repeat(bytes)}","bronze":"b","mtime":1}`;
  const at = (lines: readonly string[], from = 0) => {
    const text = lines.map((line) => `${line}\n`).join("");
    const { end, lines: count } = plainLinesAt(text, from);
    return { count, rest: text.slice(end) };
  };
  expect(at([good, good])).toEqual({ count: 2, rest: "" });
  expect(at([good, "", good])).toEqual({ count: 1, rest: `\n${good}\n` });
  expect(at(["{}", good])).toEqual({ count: 0, rest: `{}\n${good}\n` });
  expect(at(["{}", good], 3)).toEqual({ count: 1, rest: "" });
  expect(at([path(60_000), path(65_537), good]).count).toBe(1);
});
