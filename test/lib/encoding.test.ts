import { describe, expect, test } from "vitest";
import { utf32 } from "../../fixtures/fixture.ts";
import { decodeText, encodingOf, isText } from "../../src/lib/encoding.ts";

const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");
const bytewise = { unitBytes: 1, bigEndian: false };
const le = { unitBytes: 2, bigEndian: false };
const be = { unitBytes: 2, bigEndian: true };
/** Chinese with few ASCII characters between; 上 has the bytes 0x4e and 0x0a, 一 has a zero. */
const chinese = "编号,姓名\n一,上海的上面\n二,海上花列传\n";

describe("the encoding of a text", () => {
  test.each([
    ["is taken as bytes", Buffer.from("abc\n"), { ...bytewise, bom: 0, loneCr: false }],
    [
      "is taken as bytes in Latin-1",
      Buffer.from("é\n", "latin1"),
      { ...bytewise, bom: 0, loneCr: false },
    ],
    ["has a BOM in UTF-8", Buffer.from("\ufeffa"), { ...bytewise, bom: 3, loneCr: false }],
    ["is UTF-16 LE by its BOM", utf16("\ufeffa"), { ...le, bom: 2, loneCr: false }],
    ["is UTF-16 BE by its BOM", utf16("\ufeffa").swap16(), { ...be, bom: 2, loneCr: false }],
    ["is UTF-16 LE by its zeros", utf16("some text\n"), { ...le, bom: 0, loneCr: false }],
    ["is UTF-16 BE by its zeros", utf16("some text\n").swap16(), { ...be, bom: 0, loneCr: false }],
    [
      "ends lines with CR where most do",
      Buffer.from("a\rb\rc\n"),
      { ...bytewise, bom: 0, loneCr: true },
    ],
    [
      "does not where CR and LF go together",
      Buffer.from("a\r\nb\r\n"),
      { ...bytewise, bom: 0, loneCr: false },
    ],
    [
      "does not where LF is more frequent",
      Buffer.from("a\rb\nc\nd\n"),
      { ...bytewise, bom: 0, loneCr: false },
    ],
    ["ends lines with CR in UTF-16 too", utf16("\ufeffa\rb\rc"), { ...le, bom: 2, loneCr: true }],
    ["is UTF-16 LE where few units are ASCII", utf16(chinese), { ...le, bom: 0, loneCr: false }],
    [
      "is UTF-16 BE where few units are ASCII",
      utf16(chinese).swap16(),
      { ...be, bom: 0, loneCr: false },
    ],
    [
      "is UTF-16 in Cyrillic without a mark",
      utf16("имя,город\nАнна,Казань\n"),
      { ...le, bom: 0, loneCr: false },
    ],
    [
      "is taken as bytes in spite of a zero byte",
      Buffer.from("größe\0\n\0größe\n"),
      { ...bytewise, bom: 0, loneCr: false },
    ],
    [
      "is UTF-32 LE by its BOM, not UTF-16",
      utf32("a\n", "le"),
      { unitBytes: 4, bigEndian: false, bom: 4, loneCr: false },
    ],
    [
      "is UTF-32 BE by its BOM",
      utf32("a\rb\r", "be"),
      { unitBytes: 4, bigEndian: true, bom: 4, loneCr: true },
    ],
    ["of nothing is nothing special", Buffer.alloc(0), { ...bytewise, bom: 0, loneCr: false }],
  ])("%s", (_, bytes, encoding) => {
    expect(encodingOf(bytes)).toEqual(encoding);
  });
});

describe("text is", () => {
  test.each([
    ["words", Buffer.from("some words\n"), true, true],
    ["nothing", Buffer.alloc(0), true, true],
    ["UTF-8", Buffer.from("größe 😀\n"), true, true],
    ["UTF-16", utf16("größe\n"), true, true],
    ["UTF-16 without ASCII letters", utf16(chinese), true, true],
    ["UTF-32 with a BOM", utf32("größe\n", "le"), true, true],
    ["with a zero byte, only by name", Buffer.from("some\0words and more words\n"), false, true],
    ["not half control bytes", Buffer.from("\x01a\x02b\x03c\x04d"), false, false],
    ["with terminal colours", Buffer.from("\x1b[31mred\x1b[0m\n"), true, true],
  ])("%s", (_, bytes, strict, lenient) => {
    expect(isText(bytes)).toBe(strict);
    expect(isText(bytes, true)).toBe(lenient);
  });
});

describe("decoding for people", () => {
  test.each([
    [Buffer.from("\ufeffgröße"), "größe"],
    [Buffer.from("größe", "latin1"), "größe"],
    [utf16("\ufeffgröße"), "größe"],
    [utf16("\ufeffgröße").swap16(), "größe"],
    [utf32("größe😀", "le"), "größe😀"],
    [utf32("größe😀", "be"), "größe😀"],
    [Buffer.from("größe😀").subarray(0, -1), "größe"],
  ])("%o reads %s", (bytes, text) => {
    expect(decodeText(bytes)).toBe(text);
  });
});
