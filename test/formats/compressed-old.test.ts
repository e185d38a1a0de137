import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lzmaOf, lzmaOfSize } from "../../fixtures/compressors.ts";
import { times } from "../../fixtures/fixture.ts";
import { lzwOf } from "../../fixtures/lzw.ts";
import type { Compression } from "../../src/formats/compressed/compression.ts";
import { lzma } from "../../src/formats/compressed/lzma-alone.ts";
import { z } from "../../src/formats/compressed/z.ts";
import { sampleBytes, sampleOf } from "../helpers/sample.ts";

const MIB = 1024 * 1024;
const CORPUS = "/work/shared/corpus/unknown";

async function* chunked(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** The content as a program gives it that we did not write. */
function judged(name: string, packed: Uint8Array): Buffer {
  const [command, ...options] = name === "Z" ? ["gzip", "-dc"] : ["xz", "--format=lzma", "-dc"];
  return execFileSync(command as string, options, { input: packed, maxBuffer: 64 * MIB });
}

/** Text in which much repeats, but not all. */
const lines = Buffer.from(times(60_000, (i) => `${(i * 7919) % 65_537},name ${i % 97}\n`));
const noise = Buffer.from(
  Array.from({ length: 150_000 }, (_, i) => (Math.imul(i, i * 40_503) >>> 9) & 255),
);
const contents: readonly (readonly [title: string, content: Buffer])[] = [
  ["nothing", Buffer.alloc(0)],
  ["one byte", Buffer.from("x")],
  ["a long run", Buffer.alloc(300_000, "x")],
  ["noise", noise],
  ["1 MB of lines", lines],
];
const each: readonly (readonly [string, Compression, (content: Uint8Array) => Buffer])[] = [
  ["Z", z, lzwOf],
  ["lzma", lzma, lzmaOf],
];

describe.each(each)("%s", (name, compression, pack) => {
  test.each(contents)("writes %s as another program reads it", async (_, content) => {
    const packed = await joined(compression.compress(chunked(content, 70_000)));
    expect(judged(name, packed).equals(content)).toBe(true);
    expect((await joined(compression.decompress(chunked(packed, 1000)))).equals(content)).toBe(
      true,
    );
  });

  test.each(contents)("reads %s, whatever the chunk borders", async (_, content) => {
    const packed = pack(content);
    expect(judged(name, packed).equals(content)).toBe(true);
    for (const step of [777, 65_536, packed.length + 1]) {
      const read = await joined(compression.decompress(chunked(packed, step)));
      expect(read.equals(content)).toBe(true);
    }
  });

  test("keeps what comes before its end, wherever it is cut off", async () => {
    const content = lines.subarray(0, 3000);
    const packed = pack(content);
    for (let end = 20; end < packed.length; end += 97) {
      const pieces: Uint8Array[] = [];
      try {
        for await (const piece of compression.decompress(chunked(packed.subarray(0, end), 100)))
          pieces.push(piece);
      } catch (error) {
        expect(error).toMatchObject({ code: "FORMAT_INVALID" });
      }
      const kept = Buffer.concat(pieces);
      expect(content.subarray(0, kept.length).equals(kept)).toBe(true);
      expect(kept.length).toBeGreaterThan(0);
    }
  });

  test("ends, whatever is damaged", async () => {
    const packed = pack(lines.subarray(0, 2000));
    for (let at = 0; at < packed.length; at += 19) {
      const damaged = Buffer.from(packed);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      const limits = { bytes: 64 * 1024, rows: 1_000_000 };
      const result = await sampleBytes(`x.txt.${name}`, damaged, { limits });
      if (result.kind === "sample") judged(name, result.bytes);
      else if (result.kind === "failed") {
        expect(["FORMAT_INVALID", "LIMIT_EXCEEDED"]).toContain(result.code);
      }
    }
  });

  test("that holds far more than its size is refused", async () => {
    const packed = await joined(compression.compress(chunked(Buffer.alloc(9 * MIB, "x"), MIB)));
    const limits = { bytes: 200 * MIB, recordBytes: 200 * MIB, ratio: 10 };
    const result = await sampleBytes(`x.txt.${name}`, packed, { limits });
    expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });
});

describe("Z", () => {
  const content = lines.subarray(0, 20_000);

  test.each([
    ["of 9 bits", { maxBits: 9 }],
    ["of 12 bits, cleared often", { maxBits: 12, clearAfter: 511 }],
    ["cleared after every second code", { clearAfter: 2 }],
    ["without blocks", { isBlockMode: false, maxBits: 13 }],
  ])("with codes %s", async (title, options) => {
    const packed = lzwOf(content, options);
    expect((await joined(z.decompress(chunked(packed, 999)))).equals(content)).toBe(true);
    // Gzip widens codes that may have 9 bits only.
    if (title !== "of 9 bits") expect(judged("Z", packed).equals(content)).toBe(true);
  });
});

describe("lzma", () => {
  test("with a size and without a mark", async () => {
    const content = lines.subarray(0, 200_000);
    const packed = lzmaOfSize(content);
    expect(judged("lzma", packed).equals(content)).toBe(true);
    for (const step of [13, 70_000]) {
      expect((await joined(lzma.decompress(chunked(packed, step)))).equals(content)).toBe(true);
    }
  });

  test("takes no memory for a large window that is not filled", async () => {
    const packed = lzmaOf("a,b\n1,2\n");
    packed.writeUInt32LE(128 * MIB, 1);
    const before = process.memoryUsage().arrayBuffers;
    expect((await sampleOf("x.csv.lzma", packed)).summary).toMatchObject({ rows: 1 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
  });

  test("is not seen in what only begins alike", () => {
    const packed = lzmaOf("a,b\n");
    const changed = (at: number, byte: number): Buffer => {
      const bytes = Buffer.from(packed);
      bytes[at] = byte;
      return bytes;
    };
    expect(lzma.matches(packed)).toBe(true);
    for (const [at, byte] of [
      [0, 0x5e],
      [1, 1],
      [12, 1],
      [13, 1],
    ] as const)
      expect(lzma.matches(changed(at, byte))).toBe(false);
    expect(lzma.matches(packed.subarray(0, 13))).toBe(false);
  });
});

test.each([
  // It holds a text, whatever its name.
  ["sindresorhus+file-type/fixture.tar.Z", "fixture.Z", "text.Z"],
  ["apache+commons-compress/bla.tar.lzma", "bla.tar.lzma", "tar.lzma"],
])("%s of the corpus has a sample", async (path, name, format) => {
  const file = `${CORPUS}/${path}`;
  if (!existsSync(file)) return console.log(`skipped: there is no ${file}`);
  const { summary } = await sampleOf(name, readFileSync(file));
  expect(summary).toMatchObject({ format, complete: true, warnings: [] });
});
