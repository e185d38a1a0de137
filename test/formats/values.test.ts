import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cborOf, msgpackOf, type Value } from "../../fixtures/value-bytes.ts";
import { HEAD_BYTES } from "../../src/lib/source.ts";
import { memorySource, sampleBytes, sampleOf, sampleSource } from "../helpers/sample.ts";

const encodings = [
  { name: "msgpack", encode: msgpackOf, decode: msgpackAt },
  { name: "cbor", encode: cborOf, decode: cborAt },
] as const;
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.double({ noInteger: true, noNaN: true }),
    fc.string({ maxLength: 40 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie("value"), {
      noNullPrototype: true,
    }),
  ),
})).value;

describe.each(encodings)("$name", ({ name, encode, decode }) => {
  const all = (bytes: Buffer): unknown[] => {
    const values: unknown[] = [];
    for (let at = 0; at < bytes.length;) {
      const [one, end] = decode(bytes, at);
      values.push(one);
      at = end;
    }
    return values;
  };

  test("a sample holds the first values, and nothing else, says another reader", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 2 }),
        fc.integer({ min: 1, max: 5 }),
        async (values, rows) => {
          const result = await sampleBytes(`a.${name}`, Buffer.concat(values.map(encode)), {
            limits: { rows },
            chunk: 3,
          });
          // Small numbers, or short texts, can also be read as text.
          if (result.kind !== "sample") {
            expect(result.kind).toBe("none");
            return;
          }
          expect(all(result.bytes)).toEqual(values.slice(0, rows));
          expect(result.summary).toMatchObject({
            rows: Math.min(rows, values.length),
            complete: rows >= values.length,
            warnings: [],
          });
        },
      ),
    );
  });

  test("a sample of one array holds its first elements, says another reader", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 400 }), async (values) => {
        const { bytes, summary } = await sampleOf(`a.${name}`, encode(values), {
          limits: { rows: 20 },
        });
        expect(all(bytes)).toEqual([values.slice(0, 20)]);
        expect(summary).toMatchObject({
          rows: Math.min(20, values.length),
          complete: values.length <= 20,
        });
      }),
    );
  });

  test("limits count from the start: values that do not fit are left out, but for the first", async () => {
    const values = ["a", "b", "c"].map((text) => ({ text: text.repeat(95) }));
    const bytes = Buffer.concat([...values.map(encode), encode(-1)]);
    const some = await sampleOf(`a.${name}`, bytes, { limits: { bytes: 215 } });
    expect(some.summary).toMatchObject({ rows: 2, cut: "bytes", complete: false });
    expect(all(some.bytes)).toEqual(values.slice(0, 2));
    const one = await sampleOf(`a.${name}`, bytes, { limits: { bytes: 10 } });
    expect(one.summary).toMatchObject({ rows: 1, cut: "bytes" });
    const limits = { bytes: 10, recordBytes: 99 };
    expect(await sampleBytes(`a.${name}`, bytes, { limits })).toMatchObject({
      kind: "none",
      reason: "a value is larger than 99 bytes",
    });
  });

  test("an array above the bytes of a sample is cut, and no more of it is read", async () => {
    const bytes = encode(Array.from({ length: 30_000 }, (_, i) => `element ${i}`));
    const feeding = { limits: { rows: 5, bytes: 1000 }, chunk: 100 };
    const source = memorySource(`a.${name}`, bytes, feeding);
    const result = await sampleSource(source, feeding);
    if (result.kind !== "sample") throw new Error("no sample");
    expect(result.summary).toMatchObject({ rows: 5, cut: "rows", warnings: [] });
    expect(all(result.bytes)[0]).toHaveLength(5);
    expect(source.readBytes()).toBeLessThan(2 * HEAD_BYTES + 1200);
    const few = await sampleOf(`a.${name}`, bytes, { limits: { bytes: 100 } });
    expect(few.summary).toMatchObject({ rows: 9, cut: "bytes" });
    expect(all(few.bytes)[0]).toHaveLength(9);
  });

  test("an array that others follow is a value", async () => {
    const arrays = [[1, 2, 3], [4], [-5]];
    const bytes = Buffer.concat(arrays.map(encode));
    const result = await sampleOf(`a.${name}`, bytes, { limits: { rows: 2 } });
    expect(all(result.bytes)).toEqual(arrays.slice(0, 2));
  });

  test("a length that is longer than the file says nothing about memory", async () => {
    const hostile = Buffer.from(name === "cbor" ? "015affffffff00" : "01c6ffffffff00", "hex");
    expect(await sampleOf(`a.${name}`, hostile)).toMatchObject({
      summary: { rows: 1, complete: false, cut: "bytes" },
    });
    expect(await sampleBytes(`a.${name}`, hostile.subarray(1))).toMatchObject({ kind: "none" });
  });
});

/** A recursive reader of MessagePack: the value at a place, and the place after it. */
function msgpackAt(bytes: Buffer, at: number): readonly [value: unknown, end: number] {
  const first = bytes.readUInt8(at);
  if (first < 0x80) return [first, at + 1];
  if (first < 0x90) return pairsAt(msgpackAt, bytes, at + 1, first - 0x80);
  if (first < 0xa0) return itemsAt(msgpackAt, bytes, at + 1, first - 0x90);
  if (first < 0xc0) return textAt(bytes, at + 1, first - 0xa0);
  const width = { 0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4 }[first] ?? 0;
  const count = width === 0 ? 0 : bytes.readUIntBE(at + 1, width);
  if (first === 0xc0) return [null, at + 1];
  if (first === 0xc2 || first === 0xc3) return [first === 0xc3, at + 1];
  if (first === 0xcb) return [bytes.readDoubleBE(at + 1), at + 9];
  if (first === 0xd2) return [bytes.readInt32BE(at + 1), at + 5];
  if (first >= 0xde) return pairsAt(msgpackAt, bytes, at + 1 + width, count);
  if (first >= 0xdc) return itemsAt(msgpackAt, bytes, at + 1 + width, count);
  if (first >= 0xd9) return textAt(bytes, at + 1 + width, count);
  throw new Error(`not written by these tests: ${first}`);
}

/** The same for CBOR. */
function cborAt(bytes: Buffer, at: number): readonly [value: unknown, end: number] {
  const first = bytes.readUInt8(at);
  if (first === 0xf4 || first === 0xf5) return [first === 0xf5, at + 1];
  if (first === 0xf6) return [null, at + 1];
  if (first === 0xfb) return [bytes.readDoubleBE(at + 1), at + 9];
  const width = (first & 31) < 24 ? 0 : 2 ** ((first & 31) - 24);
  const count = width === 0 ? first & 31 : bytes.readUIntBE(at + 1, width);
  const start = at + 1 + width;
  if (first >> 5 === 0) return [count, start];
  if (first >> 5 === 1) return [-1 - count, start];
  if (first >> 5 === 3) return textAt(bytes, start, count);
  if (first >> 5 === 4) return itemsAt(cborAt, bytes, start, count);
  if (first >> 5 === 5) return pairsAt(cborAt, bytes, start, count);
  throw new Error(`not written by these tests: ${first}`);
}

type Decode = (bytes: Buffer, at: number) => readonly [value: unknown, end: number];

function textAt(bytes: Buffer, at: number, count: number): readonly [string, number] {
  return [bytes.toString("utf8", at, at + count), at + count];
}

function itemsAt(
  decode: Decode,
  bytes: Buffer,
  start: number,
  count: number,
): readonly [unknown[], number] {
  const items: unknown[] = [];
  let at = start;
  for (let i = 0; i < count; i += 1) {
    const [item, end] = decode(bytes, at);
    items.push(item);
    at = end;
  }
  return [items, at];
}

function pairsAt(
  decode: Decode,
  bytes: Buffer,
  start: number,
  count: number,
): readonly [object, number] {
  const [items, end] = itemsAt(decode, bytes, start, 2 * count);
  const pairs = Array.from({ length: count }, (_, i) => [items[2 * i], items[2 * i + 1]] as const);
  return [Object.fromEntries(pairs), end];
}
