import fc from "fast-check";
import { expect, test } from "vitest";
import { fitsType, kindOfCell, KINDS } from "../../src/checks/shape/kinds.ts";
import { joinTypes, typeOfTexts } from "../../src/decode/column-type.ts";

/** The kind of a text as a word; `empty` for none. */
function kindOf(text: string): string {
  const bytes = Buffer.from(`x${text}1`);
  return KINDS[kindOfCell(bytes, 1, bytes.length - 1)] ?? "empty";
}

test.each([
  ["", "empty"],
  ["0", "integer"],
  ["-17", "integer"],
  ["007", "text"],
  ["1.", "number"],
  [".5", "number"],
  ["-1e5", "number"],
  ["1e", "text"],
  ["-", "text"],
  [".", "text"],
  ["1,5", "text"],
  ["TRUE", "boolean"],
  ["falsy", "text"],
  ["2026-01-18", "date"],
  ["2026-1-18", "text"],
  ["2026-01-18 14:30", "timestamp"],
  ["2026-01-18T14:30:00.123Z", "timestamp"],
  ["2026-01-18T14:30:00+0100", "timestamp"],
  ["2026-01-18T14:30:00.Z", "text"],
  ["2026-01-18T14", "text"],
])("%j is %s", (text, kind) => {
  expect(kindOf(text)).toBe(kind);
});

test("bytes have the kind that a column of their text has", () => {
  const unit = fc.constantFrom(..."0123456789-+.:eETZ truefalsx");
  const numbers = fc.double().map(String);
  const times = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit, maxLength: 30 }), numbers, times), (text) => {
      expect(kindOf(text)).toBe(typeOfTexts([text]));
    }),
    { numRuns: 2000 },
  );
});

test("a value fits each type that is as wide", () => {
  for (const [kind, name] of KINDS.entries()) {
    for (const type of KINDS) {
      const isWide = type === "text" || joinTypes([name, type]) === type;
      expect([name, type, fitsType(kind, type)]).toEqual([name, type, isWide]);
    }
    expect(fitsType(kind, "empty")).toBe(true);
    expect(fitsType(kind, "mixed")).toBe(true);
  }
});
