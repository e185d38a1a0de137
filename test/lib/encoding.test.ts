import { describe, expect, test } from "vitest";
import { decodeText, encodingOf, isText } from "../../src/lib/encoding.ts";

const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");

describe("the encoding of a text", () => {
  test.each([
    ["is taken as bytes", Buffer.from("abc\n"), { bom: 0, loneCr: false }],
    ["is taken as bytes in Latin-1", Buffer.from("é\n", "latin1"), { bom: 0, loneCr: false }],
    ["has a BOM in UTF-8", Buffer.from("\ufeffa"), { bom: 3, loneCr: false }],
    ["is UTF-16 LE by its BOM", utf16("\ufeffa"), { utf16: "le", bom: 2, loneCr: false }],
    ["is UTF-16 BE by its BOM", utf16("\ufeffa").swap16(), { utf16: "be", bom: 2, loneCr: false }],
    ["is UTF-16 LE by its zeros", utf16("some text\n"), { utf16: "le", bom: 0, loneCr: false }],
    [
      "is UTF-16 BE by its zeros",
      utf16("some text\n").swap16(),
      { utf16: "be", bom: 0, loneCr: false },
    ],
    ["ends lines with CR where most do", Buffer.from("a\rb\rc\n"), { bom: 0, loneCr: true }],
    ["does not where CR and LF go together", Buffer.from("a\r\nb\r\n"), { bom: 0, loneCr: false }],
    ["does not where LF is more frequent", Buffer.from("a\rb\nc\nd\n"), { bom: 0, loneCr: false }],
    [
      "ends lines with CR in UTF-16 too",
      utf16("\ufeffa\rb\rc"),
      { utf16: "le", bom: 2, loneCr: true },
    ],
    ["of nothing is nothing special", Buffer.alloc(0), { bom: 0, loneCr: false }],
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
    [Buffer.from("größe😀").subarray(0, -1), "größe"],
  ])("%o reads %s", (bytes, text) => {
    expect(decodeText(bytes)).toBe(text);
  });
});
