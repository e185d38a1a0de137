import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { compressSync as lz4CompressSync } from "lz4-napi";
import { compressSync as snappyCompressSync } from "snappy";
import { describe, expect, test } from "vitest";
import {
  byteArrays,
  hybrid,
  i32,
  i64,
  int32s,
  oldLevels,
  packed,
  run,
  struct,
  varint,
  zigzag,
} from "../../fixtures/parquet-bytes.ts";
import {
  dataPage,
  dictionaryPage,
  Encoding,
  group,
  type HandChunk,
  leaf,
  parquetOf,
  Repetition,
  root,
  Type,
} from "../../fixtures/parquet-file.ts";
import { Failure } from "../../src/errors.ts";
import { compress, decompressPrefix } from "../../src/formats/parquet/codecs.ts";
import { readDeltas } from "../../src/formats/parquet/delta.ts";
import { decodeValues } from "../../src/formats/parquet/encodings.ts";
import { encodeLevels, readBitPacked, readHybrid } from "../../src/formats/parquet/levels.ts";
import { int, raw, readFieldHeader, underflow } from "../../src/formats/parquet/thrift.ts";
import type { Limits } from "../../src/lib/limits.ts";
import { footerFields, metadataOf, parquetReaders } from "../helpers/parquet-readers.ts";
import {
  allFixtures,
  memorySource,
  sampleBytes,
  sampleOf,
  sampleSource,
} from "../helpers/sample.ts";

const MIB = 1024 * 1024;

const limitSets: readonly Partial<Limits>[] = [
  {},
  { rows: 1 },
  { rows: 3 },
  { rows: 7 },
  { rows: 1000 },
  { bytes: 200 },
  { bytes: 1000 },
];

/** version, schema, key-value metadata, created_by and column orders (parquet.thrift). */
const keptFields = [1, 2, 5, 6, 7];

/** Readers that read something else than the specification says, or believe the footer's count. */
const misread: Readonly<Record<string, string>> = {
  "parquet/old-levels.parquet": "parquet-wasm",
  "parquet/rows-over-pages.parquet": "hyparquet",
  "parquet/rows-not-counted.parquet": "parquet-wasm",
};

const sound = allFixtures().filter(({ path, expected }) => {
  return path.startsWith("parquet/") && expected?.code === undefined;
});
/** Not read by hyparquet. */
const readable = sound.filter(({ path }) => !/no-repetition|old-levels/.test(path));

const readers = Object.entries(parquetReaders);

describe.each(sound.map((fixture) => [fixture.path, fixture.bytes] as const))(
  "%s",
  (path, bytes) => {
    const trusted = readers.filter(([reader]) => misread[path] !== reader);

    test.each(trusted)("has samples that hold its first rows, says %s", async (_, read) => {
      const all = await read(bytes).catch(() => undefined);
      if (all === undefined) return;
      for (const limits of limitSets) {
        const { bytes: sample, summary } = await sampleOf(path, bytes, { limits });
        const rows = all.slice(0, summary.rows);
        expect({ limits, rows: await read(sample) }).toEqual({ limits, rows });
        expect(summary.complete).toBe(rows.length === all.length);
        if (limits.bytes === undefined) {
          expect(rows).toHaveLength(Math.min(limits.rows ?? 100, all.length));
        }
      }
    });

    test.each(limitSets)("keeps schema and metadata as they are, with %o", async (limits) => {
      const { bytes: sample } = await sampleOf(path, bytes, { limits });
      const [before, after] = [footerFields(bytes), footerFields(sample)];
      for (const id of keptFields) expect([id, after.get(id)]).toEqual([id, before.get(id)]);
    });
  },
);

describe.each(readable.map((fixture) => [fixture.path, fixture.bytes] as const))(
  "%s",
  (path, bytes) => {
    test("keeps the borders of row groups, codecs and encodings that all can read", async () => {
      const { bytes: sample, summary } = await sampleOf(path, bytes);
      const before = metadataOf(bytes).row_groups.filter(({ num_rows }) => num_rows > 0n);
      const after = metadataOf(sample).row_groups;
      let left = summary.rows as number;
      for (const [i, { num_rows, columns }] of after.entries()) {
        const expected = Math.min(left, Number(before[i]?.num_rows));
        expect(Number(num_rows)).toBe(expected);
        left -= expected;
        const codecs = before[i]?.columns.map((column) => column.meta_data?.codec);
        expect(columns.map((column) => column.meta_data?.codec)).toEqual(codecs);
        for (const { meta_data } of columns) expect(meta_data?.encodings).toEqual(["PLAIN", "RLE"]);
      }
      expect(left).toBe(0);
      expect(metadataOf(sample).num_rows).toBe(BigInt(summary.rows as number));
    });
  },
);

test("old levels are read from the highest bit on", async () => {
  const found = sound.find(({ path }) => path.includes("old-levels"));
  const { bytes: sample } = await sampleOf("a.parquet", found?.bytes ?? "");
  const four = ["[ [] ]", "[ [ 7 ] ]", "[ [ 8, null ] ]", "[ null ]"];
  const rows = await parquetReaders["parquet-wasm"]?.(sample);
  expect(rows).toEqual([...four, ...four]);
});

test("levels that only some readers expect stay there for them", async () => {
  const bytes = sound.find(({ path }) => path.includes("spare-levels"))?.bytes ?? Buffer.alloc(0);
  const { bytes: sample } = await sampleOf("a.parquet", bytes, { limits: { rows: 2 } });
  // parquet-wasm takes no schema without repetitions.
  for (const read of [parquetReaders["hyparquet"], parquetReaders["DuckDB"]]) {
    const [first, second] = (await read?.(bytes)) ?? [];
    expect(await read?.(sample)).toEqual([first, second]);
  }
});

test("nulls are counted in the sample's statistics", async () => {
  const isSet = [1, 0, 0, 1, 0, 1, 1, 0];
  const body = Buffer.concat([prefixed(hybrid(isSet, 1)), int32s(1, 2, 3, 4)]);
  const bytes = fileOf({ body, values: 8 }, { repetition: Repetition.OPTIONAL });
  for (const [rows, nulls] of [
    [1, 0],
    [3, 2],
    [5, 3],
    [8, 4],
  ] as const) {
    const { bytes: sample } = await sampleOf("a.parquet", bytes, { limits: { rows } });
    const { meta_data } = metadataOf(sample).row_groups[0]?.columns[0] ?? {};
    expect(meta_data?.statistics?.null_count).toBe(BigInt(nulls));
    expect(meta_data?.num_values).toBe(BigInt(rows));
  }
});

describe("levels and indices", () => {
  test.each([
    ["a run", run(5, 3, 2), 2, 5, [3, 3, 3, 3, 3]],
    ["part of a run", run(2 ** 31 - 1, 1, 1), 1, 3, [1, 1, 1]],
    ["a bit-packed group", hybrid([1, 2, 3, 0, 1, 2, 3, 0], 2), 2, 8, [1, 2, 3, 0, 1, 2, 3, 0]],
    ["part of a group", hybrid([5, 0, 7], 3), 3, 3, [5, 0, 7]],
    ["runs and groups", Buffer.concat([run(2, 9, 12), hybrid([4095], 12)]), 12, 3, [9, 9, 4095]],
    ["runs of nothing", Buffer.concat([run(0, 1, 1), varint(1), run(1, 1, 1)]), 1, 1, [1]],
    ["32 bits", hybrid([2 ** 32 - 1, 1], 32), 32, 2, [2 ** 32 - 1, 1]],
  ] as const)("the hybrid: %s", (_, bytes, width, count, expected) => {
    const out = new Uint32Array(count);
    readHybrid({ bytes, at: 0 }, width, out);
    expect([...out]).toEqual(expected);
  });

  test.each([1, 2, 3, 7, 8])("the old encoding, %i bits", (width) => {
    const numbers = Array.from({ length: 21 }, (_, i) => (i * 37) % 2 ** width);
    const out = new Uint8Array(21);
    readBitPacked({ bytes: oldLevels(numbers, width), at: 0 }, width, out);
    expect([...out]).toEqual(numbers);
  });

  test("that are cut short ask for more", () => {
    const out = new Uint8Array(9);
    const short = hybrid([1, 0, 1], 1);
    expect(() => readHybrid({ bytes: short, at: 0 }, 1, out)).toThrow(underflow);
    expect(() => readHybrid({ bytes: short.subarray(0, 1), at: 0 }, 1, out)).toThrow(underflow);
    expect(() => readBitPacked({ bytes: Buffer.of(1), at: 0 }, 1, out)).toThrow(underflow);
  });

  test("are written so that they are read again", () => {
    const levels = Uint8Array.from({ length: 1000 }, (_, i) => (i > 300 ? 3 : (i * 7) % 4));
    const bytes = encodeLevels(levels);
    const out = new Uint8Array(1000);
    readHybrid({ bytes, at: 4 }, 2, out);
    expect(out).toEqual(levels);
    expect(Buffer.from(bytes).readUInt32LE(0)).toBe(bytes.length - 4);
  });
});

describe("delta encoding", () => {
  /** A block of 128 values in 4 miniblocks, the first with this many bits. */
  const block = (first: bigint, least: bigint, deltas: readonly number[], width: number): Buffer =>
    Buffer.concat([
      Buffer.concat([varint(128), varint(4), varint(deltas.length + 1), zigzag(first)]),
      Buffer.concat([zigzag(least), Buffer.of(width, 0, 0, 0)]),
      Buffer.concat([packed(deltas, width), Buffer.alloc(4 * width)]).subarray(0, 4 * width),
    ]);
  const ones = 2n ** 63n - 1n;

  test.each([
    ["one value", block(-5n, 0n, [], 0).subarray(0, 5), [-5n]],
    ["the same again", block(7n, 0n, [0, 0], 0), [7n, 7n, 7n]],
    ["up and down", block(10n, -3n, [0, 3, 6], 3), [10n, 7n, 7n, 10n]],
    ["over the highest", block(ones, 1n, [0, 1], 1), [ones, -ones - 1n, -ones + 1n]],
    ["under the lowest", block(-ones - 1n, -1n, [0], 0), [-ones - 1n, ones]],
    ["33 bits", block(0n, 0n, [2 ** 32, 1], 33), [0n, 2n ** 32n, 2n ** 32n + 1n]],
  ] as const)("%s", (_, bytes, expected) => {
    const all = { bytes: Buffer.concat([bytes, Buffer.of(99)]), at: 0 };
    expect([...readDeltas(all, expected.length, true)]).toEqual(expected);
    expect(all.at).toBe(bytes.length);
    expect([...readDeltas({ bytes, at: 0 }, 1, false)]).toEqual(expected.slice(0, 1));
  });

  test.each([
    ["no miniblocks", Buffer.concat([varint(128), varint(0), varint(3), zigzag(1)])],
    ["2^40 miniblocks", Buffer.concat([varint(2 ** 50), varint(2 ** 40), varint(3), zigzag(1)])],
    ["65 bits", Buffer.concat([varint(128), varint(1), varint(3), zigzag(1), Buffer.of(0, 65)])],
    ["fewer than are due", Buffer.concat([varint(128), varint(4), varint(2), zigzag(1)])],
  ])("%s: damage", (_, bytes) => {
    expect(() => readDeltas({ bytes, at: 0 }, 3, true)).toThrow(Failure);
  });

  test("2^40 values of no bits are given up", () => {
    const head = Buffer.concat([varint(128), varint(1), varint(2 ** 40), zigzag(1)]);
    const bytes = Buffer.concat([head, Buffer.alloc(4 * MIB)]);
    expect(() => readDeltas({ bytes, at: 0 }, 3, true)).toThrow("delta blocks");
    expect([...readDeltas({ bytes, at: 0 }, 3, false)]).toEqual([1n, 1n, 1n]);
  });
});

describe("values that do not fit are left out, whatever the encoding", () => {
  const text = {
    name: "a",
    type: Type.BYTE_ARRAY,
    width: undefined,
    maxRep: 0,
    maxDef: 0,
    untold: 0,
  };
  const fixed = { name: "a", type: Type.INT32, width: 4, maxRep: 0, maxDef: 0, untold: 0 };
  const lengths = Buffer.concat([varint(128), varint(1), varint(3), zigzag(2), zigzag(0)]);
  const same = Buffer.concat([lengths, Buffer.of(0)]);
  const texts = byteArrays("ab", "cd", "ef");
  const twoTexts = byteArrays("ab", "cd");

  test.each([
    ["PLAIN", text, Encoding.PLAIN, { bytes: texts, maxBytes: 17, expected: twoTexts }],
    [
      "PLAIN",
      fixed,
      Encoding.PLAIN,
      { bytes: int32s(1, 2, 3), maxBytes: 11, expected: int32s(1, 2) },
    ],
    [
      "DELTA_LENGTH_BYTE_ARRAY",
      text,
      Encoding.DELTA_LENGTH_BYTE_ARRAY,
      { bytes: Buffer.concat([same, Buffer.from("abcdef")]), maxBytes: 17, expected: twoTexts },
    ],
    [
      "DELTA_BINARY_PACKED",
      fixed,
      Encoding.DELTA_BINARY_PACKED,
      { bytes: same, maxBytes: 11, expected: int32s(2, 2) },
    ],
    [
      "BYTE_STREAM_SPLIT",
      fixed,
      Encoding.BYTE_STREAM_SPLIT,
      {
        bytes: Buffer.from([1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        maxBytes: 11,
        expected: int32s(1, 2),
      },
    ],
  ] as const)("%s", (_, leaf, encoding, { bytes, maxBytes, expected }) => {
    const encoded = { leaf, encoding, bytes, at: 0, end: bytes.length, count: 3 };
    const [all, some] = [Number.POSITIVE_INFINITY, maxBytes].map((maxBytes) =>
      decodeValues({ ...encoded, maxBytes }),
    );
    expect(Buffer.from(some as Uint8Array)).toEqual(expected);
    expect(Buffer.from(all as Uint8Array).subarray(0, expected.length)).toEqual(expected);
    expect((all as Uint8Array).length).toBe((expected.length / 2) * 3);
    const short = { ...encoded, maxBytes: MIB, bytes: bytes.subarray(0, -1) };
    if (encoding !== Encoding.DELTA_BINARY_PACKED) {
      expect(() => decodeValues(short)).toThrow(underflow);
    }
  });

  test("a run of booleans above 1 is damage", () => {
    const leaf = { ...fixed, type: Type.BOOLEAN, width: 1 };
    const bytes = prefixed(Buffer.from([6, 2]));
    const encoded = { leaf, encoding: Encoding.RLE, bytes, at: 0, end: 6, count: 3, maxBytes: MIB };
    expect(() => decodeValues(encoded)).toThrow(Failure);
  });

  test.each([
    ["a dictionary that is none", Encoding.PLAIN_DICTIONARY, text],
    ["split text", Encoding.BYTE_STREAM_SPLIT, text],
    ["prefixes of numbers", Encoding.DELTA_BYTE_ARRAY, fixed],
    ["an encoding that there is not", 99, fixed],
  ])("%s: damage", (_, encoding, leaf) => {
    const bytes = Buffer.alloc(100);
    const encoded = { leaf, encoding, bytes, at: 0, end: 100, count: 3, maxBytes: MIB };
    expect(() => decodeValues(encoded)).toThrow(Failure);
  });
});

describe("Thrift", () => {
  test.each([
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [-(2 ** 31), "ffffffff0f"],
    [2 ** 53, "8080808080808020"],
  ])("the integer %d", (expected, hex) => {
    expect(int({ bytes: Buffer.from(hex, "hex"), at: 0 }, 6)).toBe(expected);
  });

  test.each([
    ["a double", 7, "0102030405060708"],
    ["bytes", 8, "03aabbcc"],
    ["a list of booleans", 9, "310102ff"],
    ["a long list", 9, "f310" + "05".repeat(16)],
    ["a set of nothing", 10, "00"],
    ["a map", 11, "0185016102"],
    ["a map of nothing", 11, "00"],
    ["a struct with a long id", 12, "059003021100"],
    ["a UUID", 13, "00".repeat(16)],
  ])("passes over %s", (_, type, hex) => {
    const bytes = Buffer.from(`${hex}ee`, "hex");
    const value = bytes.subarray(0, -1);
    expect(Buffer.from(raw({ bytes, at: 0 }, type).bytes)).toEqual(value);
    for (let at = 0; at < value.length; at += 1) {
      expect(() => raw({ bytes: bytes.subarray(0, at), at: 0 }, type)).toThrow(underflow);
    }
  });

  test.each([
    ["wire type 0", 0, "00"],
    ["wire type 15", 15, "00"],
    ["lists within lists", 9, "19".repeat(200)],
    ["structs within structs", 12, "1c".repeat(200)],
    ["a number without an end", 6, "ff".repeat(11)],
  ])("refuses %s", (_, type, hex) => {
    expect(() => raw({ bytes: Buffer.from(hex, "hex"), at: 0 }, type)).toThrow(Failure);
  });

  test("a list of 2^50 elements costs only what is there", () => {
    const bytes = Buffer.concat([Buffer.of(0xf1), varint(2 ** 50), Buffer.alloc(1000)]);
    expect(() => raw({ bytes, at: 0 }, 9)).toThrow(underflow);
  });

  test("ids of fields are steps or numbers", () => {
    const { bytes } = struct({ 3: i32(1), 300: i64(2) });
    const cursor = { bytes, at: 0 };
    expect(readFieldHeader(cursor, 0)).toEqual({ id: 3, type: 5 });
    cursor.at += 1;
    expect(readFieldHeader(cursor, 3)).toEqual({ id: 300, type: 6 });
    cursor.at += 1;
    expect(readFieldHeader(cursor, 300)).toBeUndefined();
    expect(readFieldHeader({ bytes: Buffer.of(0x25), at: 0 }, 4)).toEqual({ id: 6, type: 5 });
  });
});

describe("codecs", () => {
  const text = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i * 7919}\n`).join(""));
  const codecs = { none: 0, snappy: 1, gzip: 2, brotli: 4, "LZ4 of Hadoop": 5, zstd: 6, LZ4: 7 };
  const cases = Object.entries(codecs);

  test.each(cases)("%s: what is compressed comes back", async (_, codec) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("a"), text, Buffer.alloc(MIB * 2, "ab")]) {
      const stored = await compress(codec, bytes);
      const sizes = { stored: stored.length, decompressed: bytes.length };
      const again = await decompressPrefix(codec, stored, 3 * MIB, sizes);
      expect(Buffer.from(again).equals(bytes)).toBe(true);
    }
  });

  test.each(cases)("%s: input that is cut short gives the start", async (_, codec) => {
    const stored = await compress(codec, text);
    const sizes = { stored: stored.length, decompressed: text.length };
    for (const part of [0, 0.3, 0.6, 0.95]) {
      const input = stored.subarray(0, Math.floor(stored.length * part));
      const start = await decompressPrefix(codec, input, text.length, sizes);
      expect(text.subarray(0, start.length).equals(start)).toBe(true);
      if (part === 0.95) expect(start.length).toBeGreaterThan(text.length / 4);
    }
  });

  test.each(cases.slice(1))("%s: what is no such thing is damage", async (name, codec) => {
    const sizes = { stored: 100, decompressed: 1000 };
    const result = decompressPrefix(codec, Buffer.alloc(100, 0xff), 1000, sizes);
    if (name.startsWith("LZ4")) expect((await result).length).toBeLessThanOrEqual(1000);
    else await expect(result).rejects.toThrow(Failure);
  });

  const zeros = Buffer.alloc(100 * MIB);
  const bombs = [
    ["snappy", 1, snappyCompressSync(zeros)],
    ["gzip", 2, gzipSync(zeros, { level: 1 })],
    ["brotli", 4, brotliCompressSync(zeros, { params: { 1: 1 } })],
    ["zstd", 6, zstdCompressSync(zeros)],
    ["LZ4", 7, lz4CompressSync(zeros).subarray(4)],
  ] as const;

  test.each(bombs)("%s: 100 MB of zeros are not had", async (_, codec, stored) => {
    const sizes = { stored: stored.length, decompressed: zeros.length };
    const before = process.memoryUsage().arrayBuffers;
    const part = await decompressPrefix(codec, stored, 2 * MIB, sizes);
    expect(part.length).toBeGreaterThanOrEqual(2 * MIB);
    expect(part.length).toBeLessThanOrEqual(3 * MIB);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThanOrEqual(32 * MIB);
  });

  test.each(bombs)(
    "%s: nor where a dictionary asks for the last of them",
    async (_, codec, stored) => {
      const indices = Buffer.concat([Buffer.of(32), run(3, 25 * MIB, 32)]);
      const pages = [
        dictionaryPage({ values: 2 ** 31 - 1, body: stored, decompressed: zeros.length }),
        dataPage({
          values: 3,
          body: await compress(codec, indices),
          decompressed: indices.length,
          encoding: Encoding.RLE_DICTIONARY,
        }),
      ];
      const bytes = fileOf(
        { body: Buffer.alloc(0), values: 3 },
        { pages, codec, hasDictionary: true },
      );
      const result = await sampleBytes("a.parquet", bytes);
      expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
    },
  );

  test("blocks of nothing, many of them, end a page of Hadoop's LZ4", async () => {
    const sizes = { stored: 4 * MIB, decompressed: 400 };
    const bytes = await decompressPrefix(5, Buffer.alloc(4 * MIB), 32 * MIB, sizes);
    expect(bytes).toHaveLength(0);
  });
});

describe("the byte limit", () => {
  /** Rows of 1, 2, 3 … numbers, and a text beside each. */
  const rows = Array.from({ length: 12 }, (_, i) => i + 1);
  const rep = rows.flatMap((count) => Array.from({ length: count }, (_, i) => (i === 0 ? 0 : 1)));
  const list = Buffer.concat([
    prefixed(hybrid(rep, 1)),
    prefixed(run(rep.length, 1, 1)),
    int32s(...rep.keys()),
  ]);
  const schema = [root(2), leaf("r", Type.INT32, Repetition.REPEATED), leaf("s", Type.BYTE_ARRAY)];
  const text = byteArrays(...rows.map((i) => "x".repeat(10 * i)));
  const bytes = parquetOf(schema, [
    {
      rows: 12,
      chunks: [
        chunkOf(Type.INT32, "r", dataPage({ values: rep.length, body: list }), rep.length),
        chunkOf(Type.BYTE_ARRAY, "s", dataPage({ values: 12, body: text }), 12),
      ],
    },
  ]);
  /** Two levels and four bytes for each number; the text, and its length. */
  const cost = rows.map((count) => 6 * count + 4 + 10 * count);

  test.each(rows)("cuts after %i rows, and not a byte earlier", async (count) => {
    const needed = cost.slice(0, count).reduce((sum, bytes) => sum + bytes, 0);
    const whole = await sampleOf("a.parquet", bytes, { limits: { bytes: needed } });
    const less = await sampleOf("a.parquet", bytes, { limits: { bytes: needed - 1 } });
    expect(whole.summary.rows).toBe(count);
    expect(less.summary.rows).toBe(Math.max(1, count - 1));
    expect(less.summary).toMatchObject(count === 1 ? {} : { complete: false, cut: "bytes" });
  });

  test("a first row above limits.recordBytes has no sample", async () => {
    const { kind } = await sampleBytes("a.parquet", bytes, { limits: { recordBytes: 19 } });
    expect(kind).toBe("none");
    const fits = await sampleOf("a.parquet", bytes, { limits: { recordBytes: 20, bytes: 1 } });
    expect(fits.summary).toMatchObject({ rows: 1, cut: "bytes" });
  });

  test("row groups of a row each count with their metadata", async () => {
    const one = { rows: 1, chunks: [chunkOf(Type.INT32, "i", page(int32s(1)), 1)] };
    const many = parquetOf(
      [root(1), leaf("i", Type.INT32)],
      Array.from({ length: 100 }, () => one),
    );
    const { bytes: sample, summary } = await sampleOf("a.parquet", many, {
      limits: { bytes: 500 },
    });
    expect(summary).toMatchObject({ cut: "bytes" });
    expect(summary.rows).toBeGreaterThan(1);
    expect(sample.length).toBeLessThan(1000);
  });
});

describe("no more is done than the sample needs", () => {
  const twoColumns = [root(2), leaf("a", Type.BYTE_ARRAY), leaf("b", Type.INT32)];

  test("of pages of a megabyte, only the start is read", async () => {
    const body = byteArrays(...Array.from({ length: 10_000 }, (_, i) => `${i}`.padStart(96)));
    const numbers = Buffer.alloc(40_000, 1);
    const bytes = parquetOf(twoColumns, [
      {
        rows: 10_000,
        chunks: [
          chunkOf(Type.BYTE_ARRAY, "a", dataPage({ values: 10_000, body }), 10_000),
          chunkOf(Type.INT32, "b", dataPage({ values: 10_000, body: numbers }), 10_000),
        ],
      },
    ]);
    const source = memorySource("a.parquet", bytes);
    await sampleSource(source);
    expect(source.readBytes()).toBeLessThan(4 * 64 * 1024);
  });

  test.each([
    ["a run of 2^31 rows", run(2 ** 31 - 1, 0, 1), run(2 ** 31 - 1, 0, 1), 2 ** 31 - 1, 100],
    ["2^20 values in one row", run(1, 0, 1), run(2 ** 20, 0, 1), 2 ** 20, undefined],
  ])("%s", async (_, start, def, values, rows) => {
    const rep = Buffer.concat([start, run(2 ** 31 - 1, rows === undefined ? 1 : 0, 1)]);
    const body = Buffer.concat([prefixed(rep), prefixed(def)]);
    const bytes = fileOf({ body, values }, { repetition: Repetition.REPEATED, rows: 100 });
    const result = await sampleBytes("a.parquet", bytes);
    if (rows === undefined) expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
    else expect(result).toMatchObject({ summary: { rows } });
  });

  test("a hundred thousand pages of nothing are too many", async () => {
    const nothing = dataPage({ values: 0, body: Buffer.alloc(0) });
    const pages = [Buffer.alloc(100_000 * nothing.length, nothing), page(int32s(1))];
    const result = await sampleBytes("a.parquet", fileOf({ body: nothing, values: 1 }, { pages }));
    expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });

  test(
    "columns that each need much of a page are too much together",
    { timeout: 300_000 },
    async () => {
      // A hundred zeros behind 60 MiB that belong to the levels.
      const body = Buffer.alloc(60 * MIB);
      body.writeUInt32LE(body.length - 404, 0);
      run(100, 1, 1).copy(body, 4);
      const columns = (count: number): Buffer => {
        const names = Array.from({ length: count }, (_, i) => `c${i}`);
        const packed = dataPage({ values: 100, body: gzipSync(body), decompressed: body.length });
        const chunks = names.map((name) => ({
          ...chunkOf(Type.INT32, name, packed, 100),
          codec: 2,
        }));
        const leaves = names.map((name) => leaf(name, Type.INT32, Repetition.OPTIONAL));
        return parquetOf([root(count), ...leaves], [{ rows: 100, chunks }]);
      };
      expect((await sampleOf("a.parquet", columns(1))).summary).toMatchObject({ rows: 100 });
      const result = await sampleBytes("a.parquet", columns(20));
      expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
    },
  );

  test("long names of groups are not held for every column in them", async () => {
    const leaves = Array.from({ length: 20_000 }, () => leaf("a", Type.INT32));
    const schema = [root(1), group("x".repeat(MIB), leaves.length), ...leaves];
    const { summary } = await sampleOf("a.parquet", parquetOf(schema, []));
    expect(summary).toMatchObject({ rows: 0, complete: true });
  });

  test("metadata above 32 MB are not held", async () => {
    const metadata = { 5: { type: 8, bytes: prefixedBytes(33 * MIB) } };
    const result = await sampleBytes("a.parquet", parquetOf([root(0)], [], metadata));
    expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });
});

/** Parts of a file with one column `i`. */
interface Parts extends Partial<HandChunk> {
  readonly repetition?: number;
  readonly rows?: number;
}

/** A file of one column of INT32 and one page. */
function fileOf(
  only: { readonly body: Uint8Array; readonly values: number },
  { repetition = Repetition.REQUIRED, rows = only.values, ...parts }: Parts = {},
): Buffer {
  const schema = [root(1), leaf("i", Type.INT32, repetition)];
  const chunk = chunkOf(Type.INT32, "i", dataPage(only), only.values);
  return parquetOf(schema, [{ rows, chunks: [{ ...chunk, ...parts }] }]);
}

function chunkOf(type: number, name: string, only: Buffer, values: number): HandChunk {
  return { type, path: [name], values, pages: [only] };
}

function page(body: Uint8Array): Buffer {
  return dataPage({ values: 1, body });
}

/** Bytes with their length before them. */
function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([int32s(bytes.length), bytes]);
}

function prefixedBytes(length: number): Buffer {
  return Buffer.concat([varint(length), Buffer.alloc(length)]);
}
