import { execFileSync } from "node:child_process";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressFrameSync, decompressFrameSync } from "lz4-napi";
import { expect, test } from "vitest";
import { createWorld } from "../helpers/world.ts";

const RECORDS = 250;
const SAMPLED = 100;

const utf16 = (text: string) => Buffer.from(text, "utf16le");
const encodings: Readonly<Record<string, (text: string) => Buffer>> = {
  "utf-8": (text) => Buffer.from(text),
  "utf-8-bom": (text) => Buffer.from(`\ufeff${text}`),
  "latin-1": (text) => Buffer.from(text, "latin1"),
  "utf-16le": utf16,
  "utf-16be": (text) => utf16(text).swap16(),
  "utf-16le-bom": (text) => utf16(`\ufeff${text}`),
  "utf-16be-bom": (text) => utf16(`\ufeff${text}`).swap16(),
};

/** Text of the first records, this many; the content of each is easily taken for an end. */
const formats: Readonly<Record<string, (records: number) => string>> = {
  csv: (records) =>
    `größe,"two\nlines"\r\n${repeat(records, (i) => `${i},"é ""x""\n, ñ ${i}"\r\n`)}`,
  jsonl: (records) => repeat(records, (i) => `{"größe": ${i}, "text": "two\\nlines é"}\n`),
  txt: (records) => repeat(records, (i) => `line ${i}: größe, "é\t\n`),
};

/** Packs and unpacks several texts at once, with nothing of ours. */
interface Packer {
  pack(texts: readonly Buffer[]): readonly Buffer[];
  unpack(packed: readonly Buffer[]): readonly Buffer[];
}

const each = (pack: (one: Buffer) => Buffer, unpack: (one: Buffer) => Buffer): Packer => ({
  pack: (texts) => texts.map(pack),
  unpack: (packed) => packed.map(unpack),
});

const byPython = (module: string): Packer => ({
  pack: (texts) => python(`${module}.compress`, texts),
  unpack: (packed) => python(`${module}.decompress`, packed),
});

const packers: Readonly<Record<string, Packer>> = {
  "": each(Buffer.from, Buffer.from),
  ".gz": each(gzipSync, gunzipSync),
  ".zst": each(zstdCompressSync, zstdDecompressSync),
  ".lz4": each(
    (one) => Buffer.from(compressFrameSync(one)),
    (one) => Buffer.from(decompressFrameSync(one)),
  ),
  ".bz2": byPython("bz2"),
  ".xz": byPython("lzma"),
};

function repeat(count: number, of: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => of(i)).join("");
}

function python(call: string, inputs: readonly Buffer[]): Buffer[] {
  const script = `import base64, bz2, json, lzma, sys
print(json.dumps([base64.b64encode(${call}(base64.b64decode(one))).decode() for one in json.load(sys.stdin)]))`;
  const input = JSON.stringify(inputs.map((bytes) => bytes.toString("base64")));
  const printed = execFileSync("python3", ["-c", script], { input, encoding: "utf8" });
  return (JSON.parse(printed) as string[]).map((text) => Buffer.from(text, "base64"));
}

test.each(Object.entries(packers))(
  "compressed as %j, a text of any encoding has its first bytes as a sample, to the end of a record",
  async (suffix, packer) => {
    await using world = await createWorld();
    const cases = Object.entries(formats).flatMap(([format, textOf]) =>
      Object.entries(encodings).map(([encoding, encode]) => ({
        file: `${encoding}.${format}${suffix}`,
        sample: `${encoding}_sample.${format}${suffix}`,
        whole: encode(textOf(RECORDS)),
        first: encode(textOf(SAMPLED)),
      })),
    );
    const packed = packer.pack(cases.map(({ whole }) => whole));
    for (const [i, { file }] of cases.entries()) await world.put(file, packed[i] as Buffer);
    const { summary } = await world.pass();
    expect(summary).toMatchObject({ sampled: cases.length, failed: 0 });
    const samples = await Promise.all(cases.map(({ sample }) => world.sample(sample)));
    for (const [i, sample] of packer.unpack(samples).entries()) {
      expect(sample.equals(cases[i]?.first as Buffer), cases[i]?.sample).toBe(true);
    }
    for (const receipt of await world.receipts()) {
      expect(receipt).toMatchObject({ rows: SAMPLED, complete: false, cut: "rows", warnings: [] });
    }
  },
);
