import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { utf32 } from "../../fixtures/fixture.ts";
import { NoSample } from "../../src/errors.ts";
import { encodingOf } from "../../src/lib/encoding.ts";
import { lineScanner } from "../../src/lib/lines.ts";
import { firstRecords, type RecordLimits } from "../../src/lib/records.ts";

const limits: RecordLimits = { records: 3, bytes: 1000, atLeast: 1, recordBytes: 100 };

/** The first lines of a text and what ended them, in chunks of any size. */
async function firstLines(
  text: string | Buffer,
  some: Partial<RecordLimits> = {},
  skipBlank = true,
) {
  const bytes = Buffer.from(text as Buffer);
  const results = [];
  for (const chunk of [1, 3, Math.max(1, bytes.length)]) {
    const scanner = lineScanner(encodingOf(bytes), skipBlank);
    const records = firstRecords(inChunks(bytes, chunk), scanner, { ...limits, ...some });
    const pieces: Uint8Array[] = [];
    let next = await records.next();
    for (; next.done !== true; next = await records.next()) pieces.push(next.value);
    results.push({ text: Buffer.concat(pieces).toString("latin1"), ...next.value });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  return results[0];
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("the first three lines", () => {
  test.each([
    ["of more", "a\nb\nc\nd\n", { text: "a\nb\nc\n", records: 3, complete: false, cut: "rows" }],
    ["of exactly three", "a\nb\nc\n", { text: "a\nb\nc\n", records: 3, complete: true }],
    ["of fewer", "a\nb", { text: "a\nb", records: 2, complete: true }],
    ["of none", "", { text: "", records: 0, complete: true }],
    [
      "with blank lines between",
      "\na\n\n\nb\n \nc\n\n",
      { text: "\na\n\n\nb\n \nc\n\n", records: 3, complete: true },
    ],
    [
      "before blank lines and a fourth",
      "a\nb\nc\n\n\nd",
      { text: "a\nb\nc\n", records: 3, complete: false, cut: "rows" },
    ],
    ["of blanks alone", "\n\n \n", { text: "\n\n \n", records: 0, complete: true }],
    [
      "with CRLF",
      "a\r\nb\r\n\r\nc\r\nd",
      { text: "a\r\nb\r\n\r\nc\r\n", records: 3, complete: false, cut: "rows" },
    ],
    [
      "with lone CR",
      "a\rb\r\rc\rd\r",
      { text: "a\rb\r\rc\r", records: 3, complete: false, cut: "rows" },
    ],
  ])("%s", async (_, text, expected) => {
    expect(await firstLines(text)).toEqual(expected);
  });

  test("count blank ones where those are not skipped", async () => {
    const kept = { text: "\n\na\n", records: 3, complete: false, cut: "rows" };
    expect(await firstLines("\n\na\nb\n", {}, false)).toEqual(kept);
  });

  test("in UTF-16 end at a unit, not at a byte", async () => {
    const bytes = Buffer.from("\ufeffaĊ\nb\nc\nd\n", "utf16le");
    expect(await firstLines(bytes)).toMatchObject({
      text: bytes.subarray(0, -4).toString("latin1"),
      records: 3,
    });
  });
});

test.each([
  ["UTF-16 in Chinese without a mark", Buffer.from("一,上海\n二,海上\n三,上\n四,上\n", "utf16le")],
  ["UTF-32 with a mark", utf32("上\nĊ\n😀\nd\n", "le")],
  ["UTF-32 BE with a mark", utf32("上\nĊ\n😀\nd\n", "be")],
])("lines of %s end at a unit, not at a byte", async (_, bytes) => {
  expect(await firstLines(bytes)).toMatchObject({
    text: bytes.subarray(0, 28).toString("latin1"),
    records: 3,
  });
});

describe("bytes count before records", () => {
  test.each([
    [
      "a record that does not fit is left out",
      "aaaa\nbbbb\ncccc\n",
      12,
      { text: "aaaa\nbbbb\n", records: 2, cut: "bytes" },
    ],
    ["one that just fits is kept", "aaaa\nbbbb\n", 10, { records: 2, complete: true }],
    [
      "the first is kept in any case",
      "aaaaaaaaaa\nb\n",
      5,
      { text: "aaaaaaaaaa\n", records: 1, cut: "bytes" },
    ],
    ["the first is kept, and is all", "aaaaaaaaaa\n", 5, { records: 1, complete: true }],
    [
      "blank lines count too",
      "a\nb\n\n\n\n\n\n\n",
      6,
      { text: "a\nb\n", records: 2, cut: "bytes" },
    ],
    [
      "an unfinished last one too",
      "aaaa\nbbbbbbbb",
      8,
      { text: "aaaa\n", records: 1, cut: "bytes" },
    ],
  ])("%s", async (_, text, bytes, expected) => {
    expect(await firstLines(text, { bytes })).toMatchObject(expected);
  });

  test("no sample where a first record is too long", async () => {
    for (const tail of ["\n", ""]) {
      await expect(firstLines("x".repeat(101) + tail)).rejects.toBeInstanceOf(NoSample);
      await expect(firstLines("x".repeat(99) + tail)).resolves.toMatchObject({ records: 1 });
    }
  });
});

test("the input is closed when the records are had", async () => {
  let closed = false;
  async function* input(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) yield Buffer.from("line\n");
    } finally {
      closed = true;
    }
  }
  const scanner = lineScanner(encodingOf(Buffer.from("line\n")), true);
  const kept = await buffer(firstRecords(input(), scanner, limits));
  expect(kept.toString()).toBe("line\nline\nline\n");
  expect(closed).toBe(true);
});
