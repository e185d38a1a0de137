import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { defaultLimits, memorySource, sampleSource } from "../helpers/sample.ts";
import type { Source } from "../../src/lib/source.ts";

const MIB = 1024 * 1024;
const STREAM_BYTES = 50 * MIB;
const CHUNK_BYTES = 64 * 1024;

interface Endless extends Source {
  readonly handedOut: () => number;
  readonly isOpen: () => boolean;
}

/** A stream of 50 MB: a beginning, then the same record again and again. */
function endless(name: string, start: string, record: string): Endless {
  const body = Buffer.from(record.repeat(Math.ceil(CHUNK_BYTES / record.length)));
  const first = Buffer.concat([Buffer.from(start), body]);
  let bytes = 0;
  let open = false;
  async function* stream(): AsyncGenerator<Uint8Array, void, void> {
    open = true;
    try {
      for (let chunk = first; bytes < STREAM_BYTES; chunk = body) {
        bytes += chunk.length;
        yield chunk;
      }
    } finally {
      open = false;
    }
  }
  const head = async (): Promise<Uint8Array> => first.subarray(0, CHUNK_BYTES);
  return { name, size: STREAM_BYTES, head, stream, handedOut: () => bytes, isOpen: () => open };
}

describe("of a stream of 50 MB no more is read than the sample needs", () => {
  test.each([
    ["a.csv", "id,name\n", "1,abc\n"],
    ["wide.csv", "id,name\n", `1,${"x".repeat(5000)}\n`],
    ["a.jsonl", "", '{"a":1}\n'],
    ["a.txt", "", "a line of text\n"],
    ["a.json", "[0", ',{"a":[1,2,3]}'],
    ["plain.json", '{"a":0', ',"key":"value"'],
    ["lines.json", "", '{"a":1}\n'],
    ["a.xml", "<a>", "<b>1</b>"],
    ["wide.xml", "<a>", `<b>${"x".repeat(20_000)}</b>`],
    ["a.vcf", "##c\n", "1\t2\n"],
    ["a.fastq", "", "@1\nAC\n+\nII\n"],
    ["a.sql", "", "SELECT 1;\n"],
    ["part-00000", "", "1,2,3\n"],
  ])("%s", async (name, start, record) => {
    const source = endless(name, start, record);
    expect(await sampleSource(source)).toMatchObject({
      kind: "sample",
      summary: { complete: false },
    });
    expect(source.handedOut()).toBeLessThanOrEqual(MIB + 2 * CHUNK_BYTES);
    expect(source.isOpen()).toBe(false);
  });

  test("the end of an array in an object is looked for in one MiB", async () => {
    const source = endless("a.json", '{"data":[0', ',{"a":[1,2,3]}');
    expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
    expect(source.handedOut()).toBeLessThanOrEqual(MIB + CHUNK_BYTES);
  });

  test("a quote that is never closed costs one MiB", async () => {
    const source = endless("a.csv", 'id,name\n1,"open\n', "1,abc\n");
    const result = await sampleSource(source);
    expect(result).toMatchObject({
      summary: { rows: 100, cut: "rows", warnings: [expect.any(String)] },
    });
    expect(source.handedOut()).toBeLessThanOrEqual(MIB + 2 * CHUNK_BYTES);
  });

  test("one endless line costs the record limit", async () => {
    const source = endless("a.txt", "", "x");
    expect(await sampleSource(source)).toMatchObject({ kind: "none" });
    expect(source.handedOut()).toBeLessThanOrEqual(defaultLimits.recordBytes + 2 * CHUNK_BYTES);
  });
});

describe("of a large container no more is read than the sample needs", () => {
  const rows = Buffer.alloc(20 * MIB, "1,some text\n");

  test("a gzip is decompressed as far as the sample goes", async () => {
    const noise = Buffer.from(Array.from({ length: 3 * MIB }, (_, i) => 33 + ((i * i * 31) % 89)));
    const source = memorySource(
      "a.csv.gz",
      gzipSync(Buffer.concat([rows.subarray(0, MIB), noise])),
      {
        chunk: CHUNK_BYTES,
      },
    );
    expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100 } });
    expect(source.readBytes()).toBeLessThanOrEqual(MIB);
  });

  test("a zip is read at its end and at its first members", async () => {
    const member = (i: number) => ({ name: `${i}.csv`, data: rows });
    const source = memorySource("a.zip", zipOf([member(1), member(2)]), { chunk: CHUNK_BYTES });
    expect(await sampleSource(source)).toMatchObject({
      summary: { format: "zip", rows: 2, cut: "rows" },
    });
    expect(source.readBytes()).toBeLessThanOrEqual(MIB);
  });

  test("a tar is walked from header to header", async () => {
    const member = (i: number) => ({ name: `${i}.csv`, data: rows });
    const source = memorySource("a.tar", tarOf([member(1), member(2)]), { chunk: CHUNK_BYTES });
    expect(await sampleSource(source)).toMatchObject({
      summary: { format: "tar", rows: 2, complete: true },
    });
    expect(source.readBytes()).toBeLessThanOrEqual(MIB / 4);
  });

  test("a gzip that holds a bomb ends in a limit", async () => {
    const source = memorySource("a.txt.gz", gzipSync(Buffer.alloc(30 * MIB, "x")), {
      chunk: CHUNK_BYTES,
    });
    const limits = { ratio: 100, recordBytes: 40 * MIB };
    expect(await sampleSource(source, { limits })).toMatchObject({
      kind: "failed",
      code: "LIMIT_EXCEEDED",
    });
  });
});
