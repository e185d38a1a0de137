import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packers } from "../../fixtures/compressors.ts";
import { times } from "../../fixtures/fixture.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { compressions } from "../../src/formats/compressed/decompress.ts";
import { collect } from "../../src/lib/collect.ts";
import { allFixtures, sampleBytes, sampleOf } from "../helpers/sample.ts";

type Name = keyof typeof packers;

const names = Object.keys(packers) as Name[];

/** The bytes that a compressed sample holds. */
async function unpacked(name: Name, sample: Uint8Array): Promise<string> {
  const compression = compressions.find((one) => one.name === name);
  const chunks = (async function* () {
    yield sample;
  })();
  if (compression === undefined) throw new Error(name);
  return (await collect(compression.decompress(chunks))).bytes.toString("latin1");
}

/** Text that begins like a format, and proves not to have it once some of it was read. */
const guesses: readonly (readonly [title: string, content: string])[] = [
  ["JSON", `[{"a": 1}, {"b": 2}, }\n${times(400, (i) => `line ${i}, and more of it\n`)}`],
  ["XML", `<a>\n${times(30_000, () => "<b>\n")}</c>\n`],
];

describe.each(names)("text without a name in %s", (name) => {
  test.each(guesses)("that seemed to be %s is lines", async (_, content) => {
    const limits = { bytes: 1000 };
    const { bytes, summary } = await sampleOf(`x.${name}`, packers[name](content), { limits });
    expect(summary).toMatchObject({ format: `text.${name}`, complete: false, warnings: [] });
    expect(summary.confidence).toBeUndefined();
    const sample = await unpacked(name, bytes);
    expect(sample.length).toBeGreaterThan(300);
    expect(content.startsWith(sample)).toBe(true);
    expect(sample.split("\n")).toHaveLength((summary.rows ?? 0) + 1);
  });

  test("that seemed to be JSON is lines within another compression, and in a zip", async () => {
    const [, content] = guesses[0] as (typeof guesses)[number];
    const twice = await sampleOf(`x.${name}.gz`, packers.gz(packers[name](content)), {
      limits: { bytes: 1000 },
    });
    expect(twice.summary).toMatchObject({ format: `text.${name}.gz`, warnings: [] });
    const zip = zipOf([
      { name: "d/part", data: content, method: 8 },
      { name: `part.${name}`, data: packers[name](content) },
    ]);
    const { summary } = await sampleOf("x.zip", zip, { limits: { bytes: 1000 } });
    expect(summary).toMatchObject({ rows: 2, cut: "bytes", warnings: [] });
  });

  test("that is JSON stays so, and its confidence is told", async () => {
    const content = `[${times(130, (i) => `{"i": ${i}},\n`)}0]`;
    const { bytes, summary } = await sampleOf(`x.${name}`, packers[name](content));
    expect(summary).toMatchObject({ format: `json.${name}`, rows: 100, confidence: 1 });
    expect(JSON.parse(await unpacked(name, bytes))).toHaveLength(100);
  });
});

describe("what is read from its end", () => {
  const fixtures = allFixtures().filter(({ path }) =>
    /^(parquet|arrow|orc|xlsx|zip|sqlite)\//.test(path),
  );

  test.each(fixtures.map(({ path, ...fixture }) => [path, fixture] as const))(
    "is the same inside a gzip: %s",
    async (_, { name, bytes }) => {
      const limits = { rows: 3 };
      const plain = await sampleBytes(name, bytes, { limits });
      const packed = await sampleBytes(`${name}.gz`, packers.gz(bytes), { limits });
      if (plain.kind !== "sample" || bytes.length === 0) {
        return expect(packed.kind).toBe(plain.kind === "sample" ? "sample" : plain.kind);
      }
      if (packed.kind !== "sample") throw new Error(JSON.stringify(packed));
      expect(packed.summary).toEqual({ ...plain.summary, format: `${plain.summary.format}.gz` });
      expect(await unpacked("gz", packed.bytes)).toBe(plain.bytes.toString("latin1"));
    },
  );

  test.each(["x.parquet", "x.zip", "x.xlsx", "x.feather", "x.sqlite"])(
    "has no sample where it is larger than 16 MiB: %s",
    async (name) => {
      const start = {
        parquet: "PAR1",
        zip: "PK\x03\x04",
        xlsx: "PK\x03\x04",
        feather: "ARROW1",
        sqlite: "SQLite format 3\0",
      };
      const large = Buffer.alloc(16 * 1024 * 1024 + 1, Buffer.from([0, 1, 2, 254]));
      large.write(start[name.slice(2) as keyof typeof start], "latin1");
      const result = await sampleBytes(`${name}.gz`, gzipSync(large, { level: 0 }));
      expect(result).toEqual({
        kind: "none",
        reason: expect.stringContaining("of more than 16 MiB in a container"),
      });
    },
  );

  test("is invalid where it is cut off", async () => {
    const whole = packers.gz(zipOf([{ name: "a.csv", data: times(900, (i) => `${i * 7919}\n`) }]));
    const result = await sampleBytes("x.zip.gz", whole.subarray(0, -200));
    expect(result).toEqual({ kind: "failed", code: "FORMAT_INVALID" });
  });
});
