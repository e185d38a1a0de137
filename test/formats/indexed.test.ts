import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { inflateRawSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packers } from "../../fixtures/compressors.ts";
import { times } from "../../fixtures/fixture.ts";
import { bgzfOf, seekableZstOf } from "../../fixtures/indexed.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { isBgzf, writeBgzf } from "../../src/formats/compressed/bgz.ts";
import { writeSeekableZst } from "../../src/formats/compressed/zst-seekable.ts";
import { sampleOf } from "../helpers/sample.ts";

const rows = `id,name\n${times(300, (i) => `${i},n${i}\n`)}`;
const contents: readonly (readonly [title: string, content: Buffer])[] = [
  ["nothing", Buffer.alloc(0)],
  ["a few rows", Buffer.from("a,b\n1,2\n")],
  ["noise of many blocks", randomBytes(700_000)],
  ["as much as a block holds", Buffer.alloc(0xff00, "x")],
  ["a byte more", Buffer.alloc(0xff01, "x")],
];

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function ran(command: string, options: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(command, options, { input, maxBuffer: 8 * 1024 * 1024 });
}

/** The content of BGZF, block by block as a reader with an index goes through it. */
function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    expect(bytes.subarray(at, at + 16).toString("hex")).toBe("1f8b08040000000000ff060042430200");
    const size = bytes.readUInt16LE(at + 16) + 1;
    const content = inflateRawSync(bytes.subarray(at + 18, at + size - 8));
    expect(bytes.readUInt32LE(at + size - 4)).toBe(content.length);
    blocks.push(content);
    at += size;
  }
  return blocks;
}

/** The content of seekable zstd, frame by frame as its table has them. */
function framesOf(bytes: Buffer): Buffer[] {
  const count = bytes.readUInt32LE(bytes.length - 9);
  const table = bytes.length - 9 - 8 * count;
  expect(bytes.readUInt32LE(table - 8)).toBe(0x184d2a5e);
  expect(bytes.readUInt32LE(table - 4)).toBe(8 * count + 9);
  let at = 0;
  const frames = Array.from({ length: count }, (_, i) => {
    const [packed, size] = [
      bytes.readUInt32LE(table + 8 * i),
      bytes.readUInt32LE(table + 8 * i + 4),
    ];
    const content = zstdDecompressSync(bytes.subarray(at, at + packed));
    expect(content.length).toBe(size);
    at += packed;
    return content;
  });
  expect(at).toBe(table - 8);
  return frames;
}

describe("BGZF", () => {
  test.each(contents)(
    "is written of %s, in blocks with their size and an empty one",
    async (_, content) => {
      const packed = await joined(writeBgzf(chunked(content)));
      const blocks = blocksOf(packed);
      expect(blocks.at(-1)).toHaveLength(0);
      expect(blocks.slice(0, -1).every((block) => block.length > 0)).toBe(true);
      expect(Buffer.concat(blocks).equals(content)).toBe(true);
      expect(isBgzf(packed)).toBe(true);
      expect(ran("gzip", ["-dc"], packed).equals(content)).toBe(true);
    },
  );

  test("is what a sample of it is, and bgzip takes it", async (context) => {
    const { bytes, summary } = await sampleOf(
      "x.csv.gz",
      bgzfOf([rows.slice(0, 500), rows.slice(500)]),
    );
    expect(summary).toMatchObject({ format: "csv.bgz", rows: 100, warnings: [] });
    expect(Buffer.concat(blocksOf(bytes)).toString().split("\n")).toHaveLength(102);
    if (spawnSync("bgzip", ["--version"]).error !== undefined) {
      return context.skip("there is no bgzip on the PATH");
    }
    expect(spawnSync("bgzip", ["-t"], { input: bytes }).status).toBe(0);
  });

  test("is not what a gzip is, nor one with another field", async () => {
    const { bytes } = await sampleOf("x.csv.gz", packers.gz(rows));
    expect(isBgzf(bytes)).toBe(false);
    const other = Buffer.from("1f8b08040000000000ff0600414202000000", "hex");
    expect(isBgzf(other)).toBe(false);
    for (let end = 0; end < 18; end += 1)
      expect(isBgzf(bgzfOf(["x"]).subarray(0, end))).toBe(false);
  });

  test("around a tar, and inside another compression, is told", async () => {
    const tar = tarOf([{ name: "a" }]).toString("latin1");
    expect((await sampleOf("x.gz", bgzfOf([tar]))).summary.format).toBe("tar.bgz");
    const { summary } = await sampleOf("x.csv.gz.xz", packers.xz(bgzfOf([rows])));
    expect(summary).toMatchObject({ format: "csv.bgz.xz", rows: 100 });
  });
});

describe("seekable zstd", () => {
  test.each(contents)("is written of %s, with a table of its frames", async (_, content) => {
    const packed = await joined(writeSeekableZst(chunked(content)));
    expect(Buffer.concat(framesOf(packed)).equals(content)).toBe(true);
    expect(ran("zstd", ["-dc"], packed).equals(content)).toBe(true);
  });

  test("is what a sample of it is", async () => {
    const { bytes, summary } = await sampleOf(
      "x.csv.zst",
      seekableZstOf([rows.slice(0, 500), rows.slice(500)]),
    );
    expect(summary).toMatchObject({ format: "csv.seekable-zst", rows: 100, warnings: [] });
    expect(Buffer.concat(framesOf(bytes)).toString().split("\n")).toHaveLength(102);
  });

  test("is plain zstd where its end cannot be seen beforehand", async () => {
    const { bytes, summary } = await sampleOf("x.csv.zst", seekableZstOf([rows]), {
      seekable: false,
    });
    expect(summary).toMatchObject({ format: "csv.zst", rows: 100, warnings: [] });
    expect(ran("zstd", ["-dc"], bytes).toString().split("\n")).toHaveLength(102);
  });
});
