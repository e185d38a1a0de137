import { isAbsolute, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { extensionOf, samplePath } from "../../src/samples/path.ts";

test.each([
  ["raw/a/data.csv", "flat", null, "data_sample.csv"],
  ["raw/a/data.csv", "mirror", null, "a/data_sample.csv"],
  ["a/raw/data.csv", "mirror", null, "a/raw/data_sample.csv"],
  ["raw/raw/data.csv", "mirror", null, "raw/data_sample.csv"],
  ["/abs/olute/data.csv", "mirror", null, "abs/olute/data_sample.csv"],
  ["raw/../../etc/data.csv", "mirror", null, "etc/data_sample.csv"],
  ["raw/.git/data.csv", "mirror", null, "_git/data_sample.csv"],
  ["raw/a/", "mirror", null, "a_sample"],
  ["..", "flat", ".meta.json", "_sample.meta.json"],
  ["raw/a.b.c.d", "flat", null, "a.b.c_sample.d"],
  ["raw/a.csv.zst", "flat", null, "a_sample.csv.zst"],
  ["raw/a.gz", "flat", null, "a_sample.gz"],
  ["raw/v1.0 final (2)", "flat", null, "v1.0 final (2)_sample"],
  ["raw/caf\udce9.csv", "flat", null, "caf__sample.csv"],
] as const)("%s, %s → %s", (raw, layout, extension, path) => {
  expect(samplePath(raw, { layout, extension })).toBe(path);
});

test("a name that is taken gets 16 hex digits of SHA-256 of raw", () => {
  const path = samplePath("raw/a/data.csv", { layout: "flat", extension: null, taken: true });
  // printf raw/a/data.csv | sha256sum
  expect(path).toMatch(/^data_sample~[0-9a-f]{16}\.csv$/);
  expect(samplePath("raw/b/data.csv", { layout: "flat", extension: null, taken: true })).not.toBe(
    path,
  );
});

test.each([
  ["a.csv", ".csv"],
  ["a.csv.gz", ".csv.gz"],
  ["a.tar.GZ", ".tar.GZ"],
  ["a.gz", ".gz"],
  ["a", ""],
  ["a.this-is-longer-than-any-extension", ""],
  ["x/y.z/a", ""],
])("the extension of %s is %j", (raw, extension) => {
  expect(extensionOf(raw)).toBe(extension);
});

const awkward = fc.constantFrom(
  "..",
  ".",
  "",
  "raw",
  "/",
  "\\",
  "\n",
  "\u0000",
  "\u007f",
  "é",
  "\udce9",
  "👩‍👩‍👧",
  ".csv",
  ".gz",
  "~",
  "x".repeat(300),
);
const raws = fc
  .array(fc.oneof(awkward, fc.string({ unit: "binary" }), fc.constant("/")), { minLength: 1 })
  .map((parts) => parts.join(""));
const options = fc.record({
  layout: fc.constantFrom("flat" as const, "mirror" as const),
  extension: fc.constantFrom(null, ".txt", ".meta.json"),
  taken: fc.boolean(),
});

test("whatever raw is, the path stays below samples/, and every part of it is safe to write", () => {
  fc.assert(
    fc.property(raws, options, (raw, chosen) => {
      const path = samplePath(raw, chosen);
      expect(isAbsolute(path)).toBe(false);
      expect(join("/samples", path)).toBe(`/samples/${path}`);
      if (chosen.layout === "flat") expect(path).not.toContain("/");
      for (const part of path.split("/")) {
        expect(part).not.toMatch(/^\.{0,2}$/);
        expect(part[0]).not.toBe(".");
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
        // oxlint-disable-next-line no-control-regex
        expect(part).not.toMatch(/[\u0000-\u001f\u007f]/);
        expect(part.isWellFormed()).toBe(true);
      }
      expect(path.split("/").at(-1)).toContain("_sample");
    }),
    { numRuns: 2000 },
  );
});

test("names that are marked differ when their raws do", () => {
  fc.assert(
    fc.property(raws, raws, (a, b) => {
      fc.pre(a !== b && a.isWellFormed() && b.isWellFormed());
      const marked = (raw: string) =>
        samplePath(raw, { layout: "flat", extension: null, taken: true });
      expect(marked(a)).not.toBe(marked(b));
    }),
  );
});
