import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonScanner } from "../../src/formats/json/scanner.ts";
import { sampleBytes, sampleOf } from "../helpers/sample.ts";

const limits = { rows: 2, bytes: 1000, recordBytes: 1000 };

/** The part that a scanner keeps of a text, fed in chunks. */
function cut(text: string, some: Partial<typeof limits> = {}, chunk = text.length) {
  const scanner = jsonScanner({ ...limits, ...some });
  const bytes = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && !scanner.done(); at += chunk) {
    pieces.push(...scanner.feed(bytes.subarray(at, at + chunk)));
  }
  pieces.push(...scanner.finish());
  return { text: Buffer.concat(pieces).toString(), ...scanner.result() };
}

describe("with two elements wanted, a scanner keeps", () => {
  test.each([
    ["an array up to its second element", "[1,2,3]", "[1,2]"],
    ["white space as it stands", "[ 1 ,\n2 ,3]", "[ 1 ,\n2 ]"],
    ["an array that has no more", "[1,2]\n", "[1,2]\n"],
    ["arrays inside an element", "[[1,2,3],{},[4]]", "[[1,2,3],{}]"],
    ["later keys of an object", '{"a":[1,2,3],"b":4}', '{"a":[1,2],"b":4}'],
    ["every outermost array", '{"a":[1,2,3],"b":{"c":[4,5,6]}}', '{"a":[1,2],"b":{"c":[4,5]}}'],
    ["what is open where the text ends", '{"a":{"b":[1,2,3', '{"a":{"b":[1,2]}}'],
    ["brackets in strings", '["]","[",3]', '["]","["]'],
    ["escapes in strings", '["\\"]","\\\\",3]', '["\\"]","\\\\"]'],
    ["two values of several", "{} {} {}", "{} {}"],
    ["broken text as it is", '{"a":1]', '{"a":1]'],
    ["a lone value", "17", "17"],
  ])("%s", (_, text, kept) => {
    expect(cut(text).text).toBe(kept);
    expect(cut(text, {}, 1)).toEqual(cut(text));
  });
});

describe("with few bytes wanted, a scanner keeps", () => {
  test.each([
    ["whole elements only", '["aaaa","bbbb","cccc"]', 16, '["aaaa","bbbb"]'],
    ["whole members only", '{"a":1,"b":2,"c":3}', 14, '{"a":1,"b":2}'],
    ["at least one element", '["aaaaaaaaaaaaaaa",2]', 5, '["aaaaaaaaaaaaaaa"]'],
    ["room for what has to be closed", '{"a":{"b":[1,22]}}', 15, '{"a":{"b":[1]}}'],
  ])("%s", (_, text, bytes, kept) => {
    expect(cut(text, { rows: 100, bytes })).toMatchObject({ text: kept, cut: "bytes" });
    expect(cut(text, { rows: 100, bytes }, 1)).toEqual(cut(text, { rows: 100, bytes }));
  });

  test("nothing of a value that is too large", () => {
    expect(() => cut(`["${"x".repeat(2000)}"]`)).toThrow(/larger than 1000/);
    expect(() => cut(`["${"x".repeat(2000)}"]`, {}, 1)).toThrow(/larger than 1000/);
  });
});

describe("rows are", () => {
  test.each([
    ["elements of the longest array", '{"a":[1],"b":[1,2],"c":[]}', 2],
    ["one for an object without arrays", '{"a":{}}', 1],
    ["none for an empty array", "[]", 0],
    ["none for blanks", " \n", 0],
    ["values where there are several", "[1] [2]", 2],
  ])("%s", (_, text, rows) => {
    expect(cut(text).rows).toBe(rows);
  });
});

describe("a first element that is larger than the sample", () => {
  const feature = (size: number): string =>
    `{"type":"F","features":[{"p":"${"x".repeat(size)}"},{"p":1}],"n":2}`;

  test("is kept, as the first record is", async () => {
    const text = feature(1_100_000);
    const asOne = await sampleOf("a.json", text);
    expect(asOne.bytes.toString()).toBe(`${text.slice(0, text.indexOf(',{"p":1'))}]}`);
    expect(asOne.summary).toMatchObject({ rows: 1, cut: "bytes", warnings: [] });
    expect(await sampleOf("a.json", text, { chunk: 1000 })).toEqual(asOne);
    const again = await sampleOf("a.json", asOne.bytes);
    expect(again.bytes.equals(asOne.bytes)).toBe(true);
    expect(again.summary).toMatchObject({ rows: 1, complete: true });
  });

  test.each([undefined, 1000])(
    "is none above the limit of a record, in chunks of %s",
    async (n) => {
      const feeding = n === undefined ? {} : { chunk: n };
      expect(await sampleBytes("a.json", Buffer.from(feature(9_000_000)), feeding)).toEqual({
        kind: "none",
        reason: "a value is larger than 8388608 bytes",
      });
    },
  );

  test("is left out where another array has one", async () => {
    const { bytes } = await sampleOf("a.json", `{"a":[1],${feature(1_100_000).slice(1)}`);
    expect(bytes.toString()).toBe('{"a":[1],"type":"F"}');
  });
});

describe("values that are not a line each", () => {
  test.each([
    ["a.json", '{"i":0},\n{"i":1},\n', 40_000, "commas between them"],
    ["a.jsonl", '{"i":0},\n{"i":1},\n', 40_000, "commas between them"],
    ["a.jsonl", '{"i":[1,2,3]}{"i":[]}', 60_000, "not each on a line"],
    ["a.jsonl", '{\n "i": [1,\n2,3]\n}\n{\n}\n', 9000, "not each on a line"],
  ])("are records in %s: %j", async (name, two, times, why) => {
    const { bytes, summary } = await sampleOf(name, two.repeat(times), { limits: { rows: 2 } });
    expect(bytes.toString()).toBe(two.trimEnd().replace(/,$/, ""));
    expect(summary).toMatchObject({ rows: 2, cut: "rows", format: "jsonl" });
    expect(summary.warnings).toEqual([expect.stringContaining(why)]);
  });

  test("are not cut within where bytes are few", async () => {
    const text = '{"i":[1,2,3],"j":4}{"i":[1,2,3],"j":4}';
    const { bytes, summary } = await sampleOf("a.jsonl", text, { limits: { bytes: 30 } });
    expect(bytes.toString()).toBe(text.slice(0, text.length / 2));
    expect(summary).toMatchObject({ rows: 1, cut: "bytes" });
  });
});

describe("one value, named as if it were lines of them", () => {
  test.each([
    ["[\n 1,\n 2,\n 3\n]\n", "[\n 1,\n 2]", 2],
    ['{"a": [\n 1,\n 2,\n 3\n]\n}\n', '{"a": [\n 1,\n 2]\n}\n', 2],
    ['{ "b": 1\n, "a": [1,2,3]\n}\n', '{ "b": 1\n, "a": [1,2]\n}\n', 2],
    [`[${"1,".repeat(100_000)}1]`, "[1,1]", 2],
  ])("is JSON: %.40j", async (text, kept, rows) => {
    const { bytes, summary } = await sampleOf("a.jsonl", text, { limits: { rows: 2 } });
    expect(bytes.toString()).toBe(kept);
    expect(summary).toMatchObject({ rows, format: "json" });
    expect(summary.warnings).toEqual([
      expect.stringContaining("holds one value, not lines of them"),
    ]);
  });

  test.each([
    '{"a":1\nno json\n{"a":3}\n',
    '{"a":1,\n{"a":2}\n{"a":3}\n',
    '{"a":"x\n{"a":2}\n{}\n',
  ])("is not seen in lines that are broken: %j", async (text) => {
    const { bytes, summary } = await sampleOf("a.jsonl", text, { limits: { rows: 2 } });
    expect(bytes.toString()).toBe(text.split("\n").slice(0, 2).join("\n") + "\n");
    expect(summary).toMatchObject({ rows: 2, format: "jsonl", warnings: [] });
  });
});

test.each([
  ['{"a":NaN}\n{"a":1}\n{"a":2}\n', /^not valid JSON: Unexpected token 'N'/],
  ["NaN\n1\n2\n", /^not valid JSON: "NaN" is/],
])("lines whose first one is not valid are lines, with what is wrong: %j", async (text, why) => {
  const { bytes, summary } = await sampleOf("a.json", text, { limits: { rows: 2 } });
  expect(bytes.toString()).toBe(text.split("\n").slice(0, 2).join("\n") + "\n");
  expect(summary).toMatchObject({ rows: 2, format: "jsonl" });
  expect(summary.warnings).toEqual([expect.stringMatching(why)]);
});

describe("malformed JSON", () => {
  test.each(["[1,2", "{]", "[1}", "nul", '{"a" 1}', "[1,]", '"\u0001"'])(
    "%s is kept, with a warning",
    async (text) => {
      const { bytes, summary } = await sampleOf("a.json", text);
      expect(bytes.toString()).toBe(text);
      expect(summary.warnings).toEqual([expect.stringContaining("not valid JSON")]);
    },
  );

  test("that is too large to be kept is refused", async () => {
    const text = `{]${" x".repeat(200)}`;
    const result = await sampleBytes("a.json", Buffer.from(text), { limits: { bytes: 100 } });
    expect(result).toEqual({ kind: "failed", code: "FORMAT_INVALID" });
  });

  test("nested without end is refused", async () => {
    const result = await sampleBytes("a.json", Buffer.alloc(200_000, "["));
    expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });
});

test("the end of an array is looked for within 1 MiB, whatever the chunk borders", async () => {
  for (const length of [1024 * 1024 - 200, 1024 * 1024 + 200]) {
    const text = `{"a":[1,2,3,"${"x".repeat(length)}"],"last":true}`;
    const asOne = await sampleOf("a.json", text, { limits: { rows: 2 } });
    const inParts = await sampleOf("a.json", text, { limits: { rows: 2 }, chunk: 1000 });
    expect(inParts).toEqual(asOne);
    expect(asOne.bytes.includes("last")).toBe(length < 1024 * 1024);
    expect(asOne.summary).toMatchObject({ complete: false, cut: "rows", rows: 2 });
  }
});

describe("the sample of any JSON", () => {
  const options = { limits: { rows: 3 } };
  const chunks = fc.integer({ min: 1, max: 9 });

  test("array has its first elements", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        chunks,
        fc.constantFrom(0, 2),
        async (list, chunk, indent) => {
          const { bytes } = await sampleOf("a.json", JSON.stringify(list, null, indent), {
            ...options,
            chunk,
          });
          expect(JSON.stringify(JSON.parse(bytes.toString()))).toBe(
            JSON.stringify(list.slice(0, 3)),
          );
        },
      ),
    );
  });

  test("object has all its keys, and its outermost arrays up to their third element", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        chunks,
        async (object, chunk) => {
          const { bytes } = await sampleOf("a.json", JSON.stringify(object, null, 1), {
            ...options,
            chunk,
          });
          expect(JSON.parse(bytes.toString())).toEqual(
            cutArrays(JSON.parse(JSON.stringify(object))),
          );
        },
      ),
    );
  });

  function cutArrays(value: unknown): unknown {
    if (Array.isArray(value)) return value.slice(0, 3);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cutArrays(inner)]));
  }
});
