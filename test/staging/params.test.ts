import fc from "fast-check";
import { expect, test } from "vitest";
import { type Json, resolveParams } from "../../src/staging/params.ts";

const paths = new Map([
  ["sample.sam", "/run/sample.sam"],
  ["ref/hg38.fasta", "/run/ref/hg38.fasta"],
]);

test("strings that are names become paths, at any depth; all else stays", () => {
  const params = {
    input_file: "sample.sam",
    nested: [{ "sample.sam": ["ref/hg38.fasta", "sample.sam.bai", 1, null, true] }],
    text: "see sample.sam",
  };
  expect(resolveParams(params, paths)).toEqual({
    input_file: "/run/sample.sam",
    nested: [{ "sample.sam": ["/run/ref/hg38.fasta", "sample.sam.bai", 1, null, true] }],
    text: "see sample.sam",
  });
});

test("a key that objects have by themselves is one as any other", () => {
  const params = JSON.parse('{"__proto__": "sample.sam", "constructor": 1}') as Json;
  const text = JSON.stringify(resolveParams(params, paths));
  expect(text).toBe('{"__proto__":"/run/sample.sam","constructor":1}');
});

test("parameters without names stay exactly as they are", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const params = JSON.parse(JSON.stringify(value)) as Json;
      expect(JSON.stringify(resolveParams(params, new Map()))).toBe(JSON.stringify(params));
    }),
  );
});

test("parameters that are nested too deep are refused", () => {
  let deep: Json = 1;
  for (let level = 0; level < 600; level += 1) deep = [deep];
  expect(() => resolveParams(deep, paths)).toThrow(/levels/);
});
