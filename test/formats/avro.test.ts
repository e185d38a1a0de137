import { inspect } from "node:util";
import { inflateRaw, zstdDecompressSync } from "node:zlib";
import avsc, { type Schema } from "avsc";
import fc from "fast-check";
import { uncompressSync } from "snappy";
import { describe, expect, test } from "vitest";
import { avroFile, avroOf, compressions, long, sync } from "../../fixtures/avro-blocks.ts";
import { bz2 } from "../../src/formats/compressed/bz2.ts";
import { xz } from "../../src/formats/compressed/xz.ts";
import type { Source } from "../../src/lib/source.ts";
import { anyFile } from "../helpers/any-avro.ts";
import {
  allFixtures,
  type Feeding,
  sampleBytes,
  sampleOf,
  sampleSource,
} from "../helpers/sample.ts";

const MIB = 1024 * 1024;

interface Read {
  readonly metadata: unknown;
  /** As text that tells all values apart. */
  readonly records: readonly string[];
}

type Done = (error: Error | null, content?: Buffer) => void;

// oxlint-disable-next-line no-underscore-dangle -- that is its name
const bigLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
});

const decoders = {
  null: (data: Buffer, done: Done) => done(null, data),
  deflate: inflateRaw,
  snappy: (data: Buffer, done: Done) => done(null, uncompressSync(data.subarray(0, -4)) as Buffer),
  zstandard: (data: Buffer, done: Done) => done(null, zstdDecompressSync(data)),
};

/** Reads a file with avsc. */
async function read(bytes: Uint8Array): Promise<Read> {
  const decoder = new avsc.streams.BlockDecoder({
    codecs: decoders,
    parseHook: (schema: Schema) => typeOf(schema),
  });
  let metadata: unknown;
  const records: string[] = [];
  decoder.on("metadata", (_type, _codec, header: { meta: unknown }) => (metadata = header.meta));
  decoder.on("data", (record) => records.push(show(record)));
  const ended = new Promise((resolve, reject) => decoder.on("end", resolve).on("error", reject));
  decoder.end(Buffer.from(bytes));
  await ended;
  return { metadata, records };
}

function typeOf(schema: Schema): avsc.Type {
  return avsc.Type.forSchema(schema, { registry: { long: bigLong }, wrapUnions: "always" });
}

function show(value: unknown): string {
  return inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null });
}

/** The sample is the start of the file, says avsc. */
async function expectStart(bytes: Uint8Array, feeding: Feeding = {}): Promise<void> {
  const { bytes: sample, summary } = await sampleOf("a.avro", bytes, feeding);
  const [all, kept] = [await read(bytes), await read(sample)];
  expect(kept.records).toEqual(all.records.slice(0, summary.rows));
  expect(kept.records).toHaveLength(summary.rows as number);
  expect(summary.complete).toBe(kept.records.length === all.records.length);
  expect(kept.metadata).toEqual(all.metadata);
  expect(sample.equals(bytes)).toBe(summary.complete);
}

// For avsc, nulls end the stream, and it waits for ever after a block without records.
const sound = allFixtures().filter(({ path, expected }) => {
  const isRefused = expected?.code !== undefined || expected?.reason === true;
  if (isRefused || expected?.warnings === 1 || /nulls|empty-blocks/.test(path)) return false;
  return /^avro\/.*\.avro$/.test(path);
});

describe.each(sound.map((fixture) => [fixture.path, fixture.bytes] as const))("%s", (_, bytes) => {
  test.each([{}, { rows: 1 }, { rows: 7 }, { bytes: 1 }, { bytes: 150 }])(
    "has a sample that avsc reads as its start, with limits %o",
    async (limits) => {
      await expectStart(bytes, { limits });
    },
  );
});

test("any value of any schema is kept as it is", async () => {
  const options = fc.record({
    rows: fc.integer({ min: 1, max: 6 }),
    perBlock: fc.integer({ min: 1, max: 6 }),
    codec: fc.constantFrom("null", "deflate", "snappy", "zstandard" as const),
    chunk: fc.integer({ min: 1, max: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(
      anyFile,
      options,
      async ({ schema, values }, { rows, perBlock, codec, chunk }) => {
        const type = typeOf(schema);
        const blocks = [];
        for (let at = 0; at < values.length; at += perBlock) {
          const some = values.slice(at, at + perBlock);
          const content = Buffer.concat(some.map((value) => type.toBuffer(value)));
          blocks.push({ records: some.length, data: compressions[codec](content) });
        }
        const bytes = avroOf(schema, blocks, { "avro.codec": codec });
        await expectStart(bytes, { limits: { rows }, chunk });
      },
    ),
    { numRuns: 150 },
  );
});

describe("a block is cut after a record and compressed again", () => {
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i} ${"x".repeat(i % 90)}`);

  test.each(["null", "deflate", "snappy", "zstandard"] as const)("%s", async (codec) => {
    const bytes = avroFile({ type: "string" }, lines, 300, codec);
    for (const rows of [1, 99, 299, 300, 301, 499]) await expectStart(bytes, { limits: { rows } });
  });

  test.each([
    ["bzip2", bz2, "BZh"],
    ["xz", xz, "\u00fd7zXZ"],
  ] as const)("%s", async (codec, { compress, decompress }, signature) => {
    const type = avsc.Type.forSchema("string");
    const content = Buffer.concat(lines.map((line) => type.toBuffer(line)));
    const data = await whole(compress(one(content)));
    const bytes = avroOf({ type: "string" }, [{ records: 500, data }], { "avro.codec": codec });
    const { bytes: sample, summary } = await sampleOf("a.avro", bytes);
    expect(summary).toMatchObject({ rows: 100, cut: "rows" });
    const block = sample.subarray(sample.indexOf(sync) + sync.length, -sync.length);
    const start = block.indexOf(Buffer.from(signature, "latin1"));
    const kept = await whole(decompress(one(block.subarray(start))));
    expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
    expect(kept.toString().split("line ")).toHaveLength(101);
  });
});

describe("the byte limit", () => {
  const bytes = avroFile(
    { type: "bytes" },
    [10, 20, 300, 5].map((n) => Buffer.alloc(n, 1)),
    2,
    "deflate",
  );

  test.each([
    [1, 1],
    [31, 1],
    [32, 2],
    [333, 2],
    [334, 3],
    [340, 4],
  ])("%i bytes keep %i records", async (limit, rows) => {
    const { summary } = await sampleOf("a.avro", bytes, { limits: { bytes: limit } });
    expect(summary).toMatchObject(rows === 4 ? { rows, complete: true } : { rows, cut: "bytes" });
  });

  test("a first record above limits.recordBytes has no sample", async () => {
    const result = await sampleBytes("a.avro", bytes, { limits: { recordBytes: 10 } });
    expect(result).toMatchObject({ kind: "none", reason: expect.stringContaining("larger than") });
  });
});

describe("no more is read, decoded or remembered than the sample needs", () => {
  const bomb = Buffer.alloc(40 * MIB);

  test("of a block of 50 MB", async () => {
    const record = Buffer.concat([long(1000), Buffer.alloc(1000, "x")]);
    const source = endless(
      Buffer.concat([avroOf({ type: "bytes" }, []), long(1_000_000), long(50 * MIB)]),
      Buffer.concat(Array.from({ length: 64 }, () => record)),
    );
    expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
    expect(source.handedOut()).toBeLessThanOrEqual(200_000);
  });

  test("of a header without an end", async () => {
    const start = Buffer.concat([Buffer.from("Obj\u0001"), long(1), long(1), Buffer.from("k")]);
    const source = endless(Buffer.concat([start, long(2 ** 40)]), Buffer.alloc(65_536));
    expect(await sampleSource(source)).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
    expect(source.handedOut()).toBeLessThanOrEqual(5 * MIB);
  });

  test.each(["deflate", "snappy", "zstandard"] as const)("of a bomb of %s", async (codec) => {
    const blocks = [{ records: 1, data: compressions[codec](bomb) }];
    const metadata = { "avro.codec": codec };
    // 40 MB of empty strings, and one string that is longer than any record may be.
    const many = await sampleOf("a.avro", avroOf({ type: "string" }, blocks, metadata));
    expect(many.summary).toMatchObject({ rows: 1, warnings: [expect.any(String)] });
    const large = avroOf({ type: "fixed", name: "F", size: bomb.length }, blocks, metadata);
    expect(await sampleBytes("a.avro", large)).toMatchObject({ kind: "none" });
  });
});

describe("values within values", () => {
  const list = {
    type: "record",
    name: "List",
    fields: [
      { name: "value", type: "int" },
      { name: "next", type: ["null", "List"] },
    ],
  } as const;

  test("a list may be long", async () => {
    const data = Buffer.from([...Array.from({ length: 50_000 }, () => [2, 2]).flat(), 2, 0]);
    const bytes = avroOf(list as unknown as Schema, [{ records: 1, data }]);
    expect(await sampleOf("a.avro", bytes)).toMatchObject({ summary: { rows: 1, complete: true } });
  });

  test.each([
    [
      "deep arrays",
      '{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"array","items":"A"}}]}',
    ],
    ["a record of itself", '{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}'],
    ["a deep schema", `${'{"type":"array","items":'.repeat(5000)}"int"${"}".repeat(5000)}`],
    ["an unknown name", '["int","Integer"]'],
    ["a fixed without a size", '{"type":"fixed","name":"F"}'],
    ["JSON that is no schema", "[[17]]"],
  ])("%s: no file that can be read", async (_, schema) => {
    const bytes = avroOf(schema, [{ records: 1, data: Buffer.alloc(10_000, 2) }]);
    expect(await sampleBytes("a.avro", bytes)).toEqual({ kind: "failed", code: "FORMAT_INVALID" });
  });

  test.each([
    [
      "a name in the namespace around it",
      '["null",{"type":"record","name":"x.A","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":2}},{"name":"b","type":"F"},{"name":"c","type":"x.F"}]}]',
    ],
    [
      "a name that begins with a dot has no namespace",
      '["null",{"type":"record","name":"x.A","fields":[{"name":"a","type":{"type":"fixed","name":".F","size":2}},{"name":"b","type":"F"},{"name":"c","type":".F"}]}]',
    ],
    [
      "a type within a type",
      '{"type":["null",{"type":{"type":"fixed","name":"F","size":6,"logicalType":"what"}}]}',
    ],
    ["an error", '["null",{"type":"error","name":"E","fields":[{"name":"e","type":"double"}]}]'],
  ])("%s", async (_, schema) => {
    const length = schema.includes("double") ? 8 : 6;
    const data = Buffer.concat([long(1), Buffer.alloc(length), long(0)]);
    const bytes = avroOf(schema, [{ records: 2, data }]);
    expect(await sampleOf("a.avro", bytes)).toMatchObject({
      summary: { rows: 2, complete: true, warnings: [] },
    });
  });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

/** A stream of 50 MB: a beginning, then the same bytes again and again. */
function endless(start: Buffer, body: Buffer): Source & { readonly handedOut: () => number } {
  let bytes = 0;
  async function* stream(): AsyncGenerator<Uint8Array, void, void> {
    for (let chunk = start; bytes < 50 * MIB; chunk = body) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { name: "a.avro", head: async () => start, stream, handedOut: () => bytes };
}
