import fc from "fast-check";
import { compressSync } from "snappy";
import { describe, expect, test } from "vitest";
import { snappyPrefix } from "../../../src/formats/codecs/snappy-block.ts";

const MIB = 1024 * 1024;

/** Bytes that repeat in short and long distances, and such that do not. */
const content = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 1, max: 400 })), {
    maxLength: 12,
  })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array(times).fill(bytes))));

test("what is there of a block is what was compressed", () => {
  fc.assert(
    fc.property(content, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, part) => {
      const block = compressSync(bytes);
      expect(bytes.equals(snappyPrefix(block, bytes.length + 10))).toBe(true);
      const some = Math.floor(part * bytes.length);
      expect(bytes.subarray(0, some).equals(snappyPrefix(block, some))).toBe(true);
      const cut = snappyPrefix(block.subarray(0, Math.floor(part * block.length)), bytes.length);
      expect(bytes.subarray(0, cut.length).equals(cut)).toBe(true);
    }),
  );
});

test("any bytes are decoded or refused, within the limit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), (bytes, most) => {
      try {
        expect(snappyPrefix(bytes, most).length).toBeLessThanOrEqual(most);
      } catch (error) {
        expect(error).toMatchObject({ code: "FORMAT_INVALID" });
      }
    }),
    { numRuns: 2000 },
  );
});

describe("elements by hand", () => {
  test.each([
    ["a literal", [3, 0x08, 97, 98, 99], "abc"],
    ["a literal with a length of one byte", [3, 0xf0, 2, 97, 98, 99], "abc"],
    ["a literal with a length of four bytes", [3, 0xfc, 2, 0, 0, 0, 97, 98, 99], "abc"],
    ["a copy that overlaps", [7, 0x00, 97, 0x05, 1, 0x00, 98], "aaaaaab"],
    ["a copy by two bytes", [4, 0x04, 97, 98, 0x06, 2, 0], "abab"],
    ["a copy by four bytes", [4, 0x04, 97, 98, 0x07, 2, 0, 0, 0], "abab"],
    ["nothing", [0], ""],
    ["no length", [], ""],
    ["a literal that is cut off", [9, 0x20, 97, 98], "ab"],
    ["a copy that is cut off", [9, 0x04, 97, 98, 0x06, 2], "ab"],
  ])("%s", (_, block, text) => {
    expect(Buffer.from(snappyPrefix(Uint8Array.from(block), 100)).toString()).toBe(text);
  });

  test.each([
    ["a copy from before the beginning", [9, 0x04, 97, 98, 0x06, 3, 0]],
    ["a copy of no distance", [9, 0x04, 97, 98, 0x06, 0, 0]],
    ["more than its length", [2, 0x08, 97, 98, 99]],
    ["a length that does not end", [0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    ["a length above 32 bits", [0xff, 0xff, 0xff, 0xff, 0x7f]],
  ])("%s is refused", (_, block) => {
    expect(() => snappyPrefix(Uint8Array.from(block), 100)).toThrow("not a Snappy block");
  });
});

test("memory grows with what is decoded, not with what is claimed", () => {
  const claim = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 97]);
  const { buffer, length } = snappyPrefix(claim, 1024 * MIB);
  expect([length, buffer.byteLength]).toEqual([1, 64 * 1024]);
});
