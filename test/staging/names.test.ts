import { expect, test } from "vitest";
import { checkNames } from "../../src/staging/names.ts";

test.each([["a"], ["ref/hg38.fasta"], ["ä b"], ["..a"], ["a..b/c"], [".hidden"], ["a\\b"]])(
  "%j is a name for a file of a run",
  (name) => expect(() => checkNames([name])).not.toThrow(),
);

test.each([
  [""],
  ["/etc/passwd"],
  [".."],
  ["../a"],
  ["a/../../b"],
  ["a/.."],
  ["./a"],
  ["a//b"],
  ["a/"],
  ["a\nb"],
  ["a\u0000"],
  ["a\u007f"],
  ["a\u0085"],
  ["\ud800"],
  ["a".repeat(256)],
  [`${"a/".repeat(2000)}b`],
  ["manifest-sha256.txt"],
  [".staging"],
  [".staging/run.json"],
])("%j is none", (name) => {
  expect(() => checkNames([name])).toThrow(expect.objectContaining({ code: "PATH_REFUSED" }));
});

test("a file cannot be the directory of another one", () => {
  expect(() => checkNames(["a", "a/b"])).toThrow(/a is a file of the run/);
  expect(() => checkNames(["a/b", "a/c", "a-b"])).not.toThrow();
});
