import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  constants,
  crc32,
  createZstdCompress,
  type ZstdOptions,
  zstdDecompressSync,
} from "node:zlib";
import { decompressFrameSync } from "lz4-napi";
import { afterAll, describe, expect, test } from "vitest";
import {
  lz4FrameOf,
  packers,
  randomisedBz2,
  skippable,
  withDictionary,
  withRandomisedBit,
  zstdBomb,
} from "../../fixtures/compressors.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { bz2 } from "../../src/formats/compressed/bz2.ts";
import type { Compression } from "../../src/formats/compressed/compression.ts";
import { gz } from "../../src/formats/compressed/gz.ts";
import { lz4 } from "../../src/formats/compressed/lz4.ts";
import { xz } from "../../src/formats/compressed/xz.ts";
import { zst } from "../../src/formats/compressed/zst.ts";
import { formatOfName, recognise } from "../../src/formats/index.ts";
import { lz4Prefix } from "../../src/formats/codecs/lz4-block.ts";
import { xxh32 } from "../../src/formats/codecs/xxh32.ts";
import { memorySource, requestFor, sampleBytes, sampleOf } from "../helpers/sample.ts";

const MIB = 1024 * 1024;
const compressions = [gz, zst, xz, bz2, lz4] as const;
const each = compressions.map((one) => [one.name, one, packers[one.name as never]] as const) as [
  keyof typeof packers,
  Compression,
  (content: string | Uint8Array) => Buffer,
][];
const folder = mkdtempSync(join(tmpdir(), "compressed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function* chunked(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** The decoded bytes, the end of the data, and the error after it. */
async function decoded(compression: Compression, bytes: Uint8Array, step = 64 * 1024) {
  const pieces: Uint8Array[] = [];
  const output = compression.decompress(chunked(bytes, step));
  try {
    for (;;) {
      const { value, done } = await output.next();
      if (done === true) return { bytes: Buffer.concat(pieces), end: value };
      pieces.push(value);
    }
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error: error as Error };
  }
}

async function compressed(compression: Compression, bytes: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of compression.compress(chunked(bytes, 70_000))) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Runs Python on a file's bytes and returns what it prints. */
function python(expression: string, bytes: Uint8Array): Buffer {
  const path = join(folder, "input");
  writeFileSync(path, bytes);
  const script = `import sys, bz2, lzma; sys.stdout.buffer.write(${expression}(open(sys.argv[1], "rb").read()))`;
  return execFileSync("python3", ["-c", script, path], { maxBuffer: 64 * MIB });
}

/** Numbers, a line each, none of which has four equal digits in a row. */
function numbers(count: number): string {
  return Array.from({ length: count }, (_, i) => `${i}\n`)
    .filter((line) => !/(.)\1\1/.test(line))
    .join("");
}

/** Bytes that a seed gives: neither all alike nor all different. */
function made(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const isRepeat = i > 999 && (i >> 9) % 3 > 0;
    bytes[i] = isRepeat ? (bytes[i - 1 - (i >> 9)] as number) : state >>> 24;
  }
  return bytes;
}

const contents: readonly (readonly [string, Buffer])[] = [
  ["nothing", Buffer.alloc(0)],
  ["one byte", Buffer.from("x")],
  [
    "runs of every length around 4",
    Buffer.from(Array.from({ length: 600 }, (_, i) => "ab"[i % 2]?.repeat(i % 9)).join("")),
  ],
  ["a long run", Buffer.alloc(300_000, "x")],
  ["2 MB", made(2_000_000)],
];

describe.each(each)("%s", (name, compression, pack) => {
  test.each(contents)("decodes %s, whatever the chunk borders", async (_, bytes) => {
    const packed = pack(bytes);
    for (const step of [1000, 65_536, packed.length + 1]) {
      const { bytes: output, end, error } = await decoded(compression, packed, step);
      expect(error).toBeUndefined();
      expect(output.equals(bytes)).toBe(true);
      expect(end).toBe(packed.length);
    }
  });

  test.each(contents)("writes %s as it can read it", async (_, bytes) => {
    const packed = await compressed(compression, bytes);
    const output = await decoded(compression, packed);
    expect(output.bytes.equals(bytes)).toBe(true);
    expect(compression.matches(packed)).toBe(true);
  });

  test("keeps what comes before damage", async () => {
    const members = Buffer.concat([pack("first\n"), pack(made(3000)), pack("last\n")]);
    const at = pack("first\n").length + (pack(made(3000)).length >> 1);
    members[at] = (members[at] as number) ^ 0xff;
    const { bytes, error } = await decoded(compression, members);
    expect(error).toBeDefined();
    expect(bytes.subarray(0, 6).toString()).toBe("first\n");
  });

  test("tells how far the data went", async () => {
    const packed = pack("a\nb\n");
    const { bytes, end } = await decoded(
      compression,
      Buffer.concat([packed, Buffer.from("rubbish")]),
    );
    expect(bytes.toString()).toBe("a\nb\n");
    // To zlib what follows at once is a broken member.
    expect(end).toBe(name === "gz" ? undefined : packed.length);
  });

  test("shows a tar, whatever the name", async () => {
    const tar = tarOf([{ name: "a", data: made(5000) }]);
    const { summary } = await sampleOf(`x.${name}`, pack(tar));
    expect(summary).toMatchObject({ format: `tar.${name}`, rows: 1 });
  });

  test("is sampled within other compressions, to the limit of depth", async () => {
    const [outer, packOuter] = name === "gz" ? ["zst", packers.zst] : ["gz", packers.gz];
    const twice = packOuter(pack("a,b\n1,2\n"));
    const { summary } = await sampleOf(`x.csv.${name}.${outer}`, twice);
    expect(summary).toMatchObject({ format: `csv.${name}.${outer}`, rows: 1, complete: true });
    const limits = { depth: 1 };
    expect(await sampleBytes(`x.csv.${name}.${outer}`, twice, { limits })).toMatchObject({
      kind: "none",
    });
  });

  test("is found under a configured extension", async () => {
    const extensions = { ".dat": name };
    const { summary } = await sampleOf("x.csv.dat", pack("a,b\n1,2\n"), { extensions });
    expect(summary).toMatchObject({ format: `csv.${name}`, warnings: [] });
  });

  test("lets go of everything when it is stopped early", async () => {
    const packed = pack(made(6000));
    const stop = async (): Promise<void> => {
      const output = compression.decompress(chunked(packed, 1024));
      await output.next();
      await output.return(0);
    };
    for (let i = 0; i < 100; i += 1) await stop();
    const before = open();
    for (let i = 0; i < 2000; i += 1) await stop();
    expect(open().threads).toBeLessThanOrEqual(before.threads);
    expect(open().descriptors).toBeLessThanOrEqual(before.descriptors);
  });
});

/** Threads and descriptors of this process. */
function open(): { threads: number; descriptors: number } {
  const count = (folder: string): number => readdirSync(`/proc/self/${folder}`).length;
  return { threads: count("task"), descriptors: count("fd") };
}

test.each([
  ["x.csv.zst", "zst"],
  ["x.CSV.XZ", "xz"],
  ["x.lz4", "lz4"],
  ["x.tar.zst", "tar.zst"],
  ["x.tzst", "tar.zst"],
  ["x.tar.xz", "tar.xz"],
  ["x.txz", "tar.xz"],
  ["x.tar.bz2", "tar.bz2"],
  ["x.tbz2", "tar.bz2"],
  ["x.tbz", "tar.bz2"],
  ["x.tar.lz4", "tar.lz4"],
  ["x.lzma", "lzma"],
  ["x.csv.Z", "Z"],
  ["x.tar.Z", "tar.Z"],
  ["x.tar.lzma", "tar.lzma"],
])("%s is named %s", (name, format) => {
  expect(formatOfName(name, {})?.name).toBe(format);
});

describe("other readers agree", () => {
  const text = made(1_200_000);

  test("Python reads our bzip2 and xz, and we read Python's", async () => {
    for (const [module, compression] of [
      ["bz2", bz2],
      ["lzma", xz],
    ] as const) {
      const ours = await compressed(compression, text);
      expect(python(`${module}.decompress`, ours).equals(text)).toBe(true);
      const theirs = python(`${module}.compress`, text);
      expect((await decoded(compression, theirs)).bytes.equals(text)).toBe(true);
    }
  });

  test("zlib reads our zstd, and lz4-napi our LZ4", async () => {
    expect(zstdDecompressSync(await compressed(zst, text)).equals(text)).toBe(true);
    expect(decompressFrameSync(await compressed(lz4, text)).equals(text)).toBe(true);
  });

  test("xxh32 has its published values", () => {
    const digest = (content: string): number => {
      const hash = xxh32();
      for (const byte of Buffer.from(content)) hash.add(Buffer.from([byte]));
      return hash.digest();
    };
    expect(digest("")).toBe(0x02cc5d05);
    expect(digest("abc")).toBe(0x32d153ff);
    expect(digest("Nobody inspects the spammish repetition")).toBe(0xe2293b2f);
  });
});

describe("what takes too much is refused", () => {
  const limits = { recordBytes: 200 * MIB, bytes: 200 * MIB };

  test.each([
    ["x.txt.zst", zstdBomb(1000)],
    ["x.txt.xz", packers.xz(Buffer.alloc(40 * MIB, "x"))],
    [
      "x.txt.bz2",
      Buffer.concat(Array.from({ length: 40 }, () => packers.bz2(Buffer.alloc(MIB, "x")))),
    ],
    ["x.txt.gz", packers.gz(Buffer.alloc(40 * MIB, "x"))],
  ])("%s holds far more than its size", async (name, bytes) => {
    const result = await sampleBytes(name, bytes, { limits: { ...limits, ratio: 500 } });
    expect(result).toMatchObject({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });

  test.each([
    ["a zstd window above 128 MiB", "x.txt.zst", zstdBomb(1, 28), "LIMIT_EXCEEDED"],
    [
      "an xz dictionary above 128 MiB",
      "x.txt.xz",
      withDictionary(packers.xz("x"), 31),
      "LIMIT_EXCEEDED",
    ],
  ])("%s", async (_, name, bytes, code) => {
    expect(await sampleBytes(name, bytes)).toMatchObject({ kind: "failed", code });
  });

  test.each([
    ["a zstd window of 128 MiB", "x.txt.zst", zstdBomb(1, 27)],
    ["an xz dictionary of 128 MiB", "x.txt.xz", withDictionary(packers.xz("x"), 30)],
  ])("but not %s, which takes no memory by itself", async (_, name, bytes) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await sampleBytes(name, bytes)).toMatchObject({ kind: "sample" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB);
  });

  test("a dictionary that is elsewhere", async () => {
    const zstd = Buffer.from("28b52ffd2107050500002800", "hex");
    expect(await sampleBytes("x.zst", zstd)).toEqual({
      kind: "none",
      reason: "needs a dictionary",
    });
    const header = Buffer.from("614007000000", "hex");
    const hash = xxh32();
    hash.add(header);
    const check = Buffer.from([(hash.digest() >> 8) & 0xff]);
    const frame = Buffer.concat([Buffer.from("04224d18", "hex"), header, check, Buffer.alloc(4)]);
    expect(await sampleBytes("x.lz4", frame)).toEqual({
      kind: "none",
      reason: "needs a dictionary",
    });
  });

  test("a filter for programs", async () => {
    const packed = python(
      "(lambda b: lzma.compress(b, filters=[{'id': lzma.FILTER_X86}, {'id': lzma.FILTER_LZMA2}]))",
      Buffer.from("a\n"),
    );
    expect(await sampleBytes("x.xz", packed)).toMatchObject({ kind: "none" });
  });
});

describe("xz", () => {
  const packed = packers.xz("one\ntwo\n");
  const footer = packed.length - 12;

  test.each([
    ["the footer's checksum", footer],
    ["the size of the index", footer + 4],
    ["the kind of checks in the footer", footer + 9],
    ["the last letter", footer + 11],
    ["the checksum of the index", footer - 4],
    ["the records of the index", footer - 6],
  ])("what %s speaks against is kept, and flagged", async (_, at) => {
    const damaged = Buffer.from(packed);
    damaged[at] = (damaged[at] as number) ^ 1;
    expect(await decoded(xz, damaged)).toMatchObject({
      bytes: Buffer.from("one\ntwo\n"),
      error: { code: "FORMAT_INVALID" },
    });
  });
});

describe("parts without content", () => {
  const nothing = {
    zst: Buffer.from("28b52ffd2000010000", "hex"),
    xz: packers.xz(""),
    bz2: packers.bz2(""),
    lz4: packers.lz4(""),
  };
  const many = (part: Buffer, count = 10_001): Buffer => Buffer.alloc(count * part.length, part);

  test.each([
    ["zst frames", "a.csv.zst", many(nothing.zst)],
    [
      "zst blocks",
      "a.csv.zst",
      Buffer.concat([Buffer.from("28b52ffd0058", "hex"), Buffer.alloc(30_003)]),
    ],
    ["zst frames to be skipped", "a.csv.zst", many(skippable(""))],
    ["lz4 frames", "a.csv.lz4", many(nothing.lz4)],
    [
      "lz4 blocks",
      "a.csv.lz4",
      Buffer.concat([Buffer.from("04224d18604082", "hex"), many(Buffer.from("00000080", "hex"))]),
    ],
    ["bz2 streams", "a.csv.bz2", many(nothing.bz2)],
    ["xz streams", "a.csv.xz", many(nothing.xz)],
  ])("ten thousand %s are too many", async (_, name, bytes) => {
    expect(await sampleBytes(name, bytes)).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
  });

  test.each(Object.entries(nothing))("a thousand of %s are passed over", async (name, part) => {
    const bytes = Buffer.concat([many(part, 1000), packers[name as "zst"]("a\n1\n")]);
    expect((await sampleOf(`a.csv.${name}`, bytes)).summary).toMatchObject({
      rows: 1,
      complete: true,
    });
  });

  test("as many streams as there are of little content are read", async () => {
    const bytes = many(packers.lz4(`${"x".repeat(29)}\n`), 20_000);
    const { summary } = await sampleOf("a.txt.lz4", bytes, { limits: { rows: 30_000 } });
    expect(summary).toMatchObject({ rows: 20_000, complete: true });
  });
});

describe("bzip2", () => {
  test.each([
    ["of few bytes, with runs", withRandomisedBit(packers.bz2(`a${"b".repeat(300)}c\n`))],
    ["of more, some changed", randomisedBz2(numbers(5000))],
    [
      "one after the other",
      Buffer.concat([randomisedBz2(numbers(900)), randomisedBz2(numbers(700))]),
    ],
  ])("a block that was randomised, as before 0.9.5, is read: %s", async (_, bytes) => {
    const { bytes: read, end } = await decoded(bz2, bytes);
    expect(read.equals(python("bz2.decompress", bytes))).toBe(true);
    expect(end).toBe(bytes.length);
  });

  test("a randomised block with a wrong checksum is left out as a whole", async () => {
    const packed = randomisedBz2(numbers(900));
    packed[10] = (packed[10] as number) ^ 1;
    expect(await decoded(bz2, packed)).toMatchObject({
      bytes: Buffer.alloc(0),
      error: { code: "FORMAT_INVALID" },
    });
  });

  test("a run longer than any block is damage", async () => {
    // One byte, two codes of one length for RUNA, RUNB and the end; 40 times RUNA.
    const { bytes, error } = await decoded(bz2, overflowingRun());
    expect(bytes.length).toBe(0);
    expect(error).toMatchObject({ code: "FORMAT_INVALID" });
  });

  test("a block with a wrong checksum is left out as a whole", async () => {
    const packed = packers.bz2("one\ntwo\n");
    packed[10] = (packed[10] as number) ^ 1;
    expect(await decoded(bz2, packed)).toMatchObject({
      bytes: Buffer.alloc(0),
      error: { message: "an invalid block or checksum" },
    });
  });

  function overflowingRun(): Buffer {
    const header = Buffer.from("BZh1").toString("hex");
    let bits = BigInt(`0x1${header}314159265359${"00000000"}`).toString(2).slice(1);
    const put = (value: number, count: number): void => {
      bits += value.toString(2).padStart(count, "0");
    };
    put(0, 1);
    put(0, 24);
    put(0b1000_0000_0000_0000, 16);
    put(0b1000_0000_0000_0000, 16);
    put(2, 3);
    put(1, 15);
    put(0, 1);
    for (let code = 0; code < 2; code += 1) {
      put(2, 5);
      put(0, 3);
    }
    for (let i = 0; i < 40; i += 1) put(0, 2);
    put(2, 2);
    const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
    return Buffer.from((padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  }
});

describe("LZ4", () => {
  test("a block's first bytes, as many as are asked for", () => {
    // "abcd", 20 bytes from 4 bytes back, "!"
    const block = Buffer.from("4f616263640400011021", "hex");
    const whole = "abcdabcdabcdabcdabcdabcd!";
    for (let bytes = 0; bytes <= whole.length + 3; bytes += 1) {
      expect(Buffer.from(lz4Prefix(block, bytes)).toString()).toBe(whole.slice(0, bytes));
    }
  });

  test("a block cut short has less", () => {
    const block = Buffer.from("4f616263640400011021", "hex");
    const whole = "abcdabcdabcdabcdabcdabcd!";
    for (let bytes = 0; bytes <= block.length; bytes += 1) {
      const decoded = Buffer.from(lz4Prefix(block.subarray(0, bytes), 1000)).toString();
      expect(whole.startsWith(decoded)).toBe(true);
    }
  });

  test("a block that refers to what is not there is damage", () => {
    expect(() => lz4Prefix(Buffer.from("10610500", "hex"), 100)).toThrow("not there");
  });

  test("takes no memory for what is asked for but not there", () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(lz4Prefix(Buffer.from("1061", "hex"), 2 ** 40).length).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
  });

  test("a frame after others, skippable ones too", async () => {
    const frames = [skippable("x"), lz4FrameOf([Buffer.from("40612c620a", "hex")]), skippable("")];
    const { bytes } = await decoded(lz4, Buffer.concat([...frames, ...frames]));
    expect(bytes.toString()).toBe("a,b\na,b\n");
  });
});

describe("a member of a zip", () => {
  test.each([
    ["bzip2", 12, packers.bz2],
    ["zstd", 93, packers.zst],
    ["xz", 95, packers.xz],
  ] as const)("compressed with %s is sampled", async (_, method, pack) => {
    const content = "a,b\n1,2\n";
    const zip = zipOf([{ name: "a.csv", data: pack(content), method, crc32: crc32(content) }]);
    const { summary } = await sampleOf("x.zip", zip);
    expect(summary).toMatchObject({ complete: true, warnings: [] });
  });

  test("compressed otherwise is listed, and the method named", async () => {
    const zip = zipOf([{ name: "a.csv", data: "??", method: 9 }]);
    const { summary } = await sampleOf("x.zip", zip);
    expect(summary.warnings).toEqual(["a.csv: listed only: compression method 9 (deflate64)"]);
  });
});

test("what a wrong checksum speaks against is kept", async () => {
  const packed = packers.zst("a,b\n1,2\n");
  packed[packed.length - 1] = (packed.at(-1) as number) ^ 1;
  const { summary } = await sampleOf("x.csv.zst", packed);
  expect(summary).toMatchObject({ rows: 1, warnings: [expect.stringContaining("damaged")] });
});

test.each([
  ["zst", 0, async () => zstdOf({})],
  ["zst", 1, async () => zstdOf({ [constants.ZSTD_c_windowLog]: 27 })],
  [
    "xz",
    0,
    async () => python("(lambda data: lzma.compress(data, preset=6))", Buffer.from("a\n1\n")),
  ],
  [
    "xz",
    1,
    async () => python("(lambda data: lzma.compress(data, preset=9))", Buffer.from("a\n1\n")),
  ],
])("a %s that may refer far back is decoded alone: %i", async (name, times, packed) => {
  let alone = 0;
  const source = memorySource(`x.csv.${name}`, await packed());
  const request = { ...requestFor(source), alone: async () => void (alone += 1) };
  const found = await recognise(request);
  await buffer(Readable.from(found.format.sample(request, found)));
  expect(alone).toBe(times);
});

/** Compresses as a pipe into `zstd` does: without the length. */
async function zstdOf(params: ZstdOptions["params"]): Promise<Buffer> {
  const packer = createZstdCompress({ params });
  packer.write("a\n");
  packer.end("1\n");
  return buffer(packer);
}
