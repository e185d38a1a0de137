import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPath, pathBytes, pathText } from "../../src/lib/pep383.ts";

const names = fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((bytes) => !bytes.includes(0));

test("any bytes that a file system can have in a name survive as text, and the text as bytes", () => {
  fc.assert(
    fc.property(names, (bytes) => {
      const text = pathText(bytes);
      expect(Buffer.from(pathBytes(text)).equals(bytes)).toBe(true);
      expect(isPath(text)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("text without escapes is left as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(pathBytes(text)).toBe(text);
      expect(pathText(Buffer.from(text))).toBe(text);
    }),
  );
});

test("it is what Python does", () => {
  const samples = [
    "ff",
    "636166e9",
    "c3a9",
    "c3",
    "e282ac",
    "e282",
    "f09f9880",
    "f09f98",
    "eda080",
    "c080",
    "61ff62c3a9ed",
  ];
  const script = `import json,sys; print(json.dumps([bytes.fromhex(h).decode("utf-8","surrogateescape") for h in sys.argv[1:]]))`;
  const python = JSON.parse(
    execFileSync("python3", ["-c", script, ...samples]).toString(),
  ) as string[];
  expect(samples.map((hex) => pathText(Buffer.from(hex, "hex")))).toEqual(python);
});

test.each([
  ["a\0b", false],
  ["a\ud800", false],
  ["\udc7f", false],
  ["\udd00", false],
  ["\udc80\udcff", true],
  ["ok", true],
])("%j is a path: %s", (text, is) => {
  expect(isPath(text)).toBe(is);
});
