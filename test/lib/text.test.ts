import { expect, test } from "vitest";
import { counted, formatText, readText } from "../../src/lib/text.ts";

test.each([
  [0, "0 datasets"],
  [1, "1 dataset"],
  [2, "2 datasets"],
  [12_000, "12,000 datasets"],
])("%d of something is %j", (n, text) => {
  expect(counted(n, "dataset")).toBe(text);
});

test("a plural that is not made with an s is given", () => {
  expect(counted(1, "entry", "entries")).toBe("1 entry");
  expect(counted(3, "entry", "entries")).toBe("3 entries");
});

test.each([
  [492, 1024, "492 B of 1.0 KiB read"],
  [492, 492, "492 B of 492 B read"],
  [984, 492, "492 B, parts of it read again: 984 B in all"],
  [984, null, "984 B read"],
] as const)("%j bytes read of %j are %j", (readBytes, sourceSize, text) => {
  expect(readText(readBytes, sourceSize)).toBe(text);
});

test.each([
  ["csv", "samples/a_sample.tsv", "tsv"],
  ["csv.gz", "samples/a_sample.PSV.gz", "psv.gz"],
  ["csv", "samples/a_sample.csv", "csv"],
  ["metadata", "samples/a.tsv_sample.meta.json", "metadata"],
  ["csv", null, "csv"],
] as const)("the format %j of %j is called %j", (format, sample, text) => {
  expect(formatText(format, sample)).toBe(text);
});
