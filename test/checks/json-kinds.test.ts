import fc from "fast-check";
import { expect, test } from "vitest";
import { kindsIn } from "../../src/checks/shape/counts.ts";
import { jsonLinesShape, jsonShape } from "../../src/checks/shape/json-shape.ts";
import { KINDS } from "../../src/checks/shape/kinds.ts";
import { kindOf, parseForKinds, parseJson } from "../../src/decode/cell.ts";

/** The kinds of a value of JSON that stands in a line, and in an array. */
function kindsOf(text: string): string[] {
  const bytes = Buffer.from(`{"v":${text}}`);
  const shapes = [jsonLinesShape(bytes), jsonShape(Buffer.from(`[{"v":${text}}]`))];
  return shapes.flatMap((shape) => kindsIn(shape, 0).map((kind) => KINDS[kind] as string));
}

test.each([
  ["0", "integer"],
  ["-0", "integer"],
  ["12345678901234567890", "integer"],
  ["1.0", "number"],
  ["100.00", "number"],
  ["1.05", "number"],
  ["1e3", "number"],
  ["1.5E+1", "number"],
  ["1e400", "number"],
  ['"1.0"', "text"],
  ['"v1.0, 3e5"', "text"],
  ["[1.0]", "list"],
])("a number has the kind of its spelling: %s is %s", (text, kind) => {
  expect(kindsOf(text)).toEqual([kind, kind]);
});

test("what is parsed for kinds has those of what is parsed exactly", () => {
  const numbers = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,3})?$/);
  fc.assert(
    fc.property(numbers, (text) => {
      expect(kindOf(parseForKinds(text))).toBe(kindOf(parseJson(text)));
    }),
    { numRuns: 2000 },
  );
});

test("columns stand in the order in which their names came, whatever the order in a record", () => {
  const lines = ['{"a":1,"b":"x"}', '{"b":"y","c":true}', '{"c":false,"a":2.5,"__proto__":1}'];
  const shape = jsonLinesShape(Buffer.from(lines.join("\n")));
  expect(shape.names).toEqual(["a", "b", "c", "__proto__"]);
  expect(shape.names?.map((_, i) => kindsIn(shape, i).map((kind) => KINDS[kind]))).toEqual([
    ["integer", "number"],
    ["text"],
    ["boolean"],
    ["integer"],
  ]);
  expect(shape.always).toEqual([false, false, false, false]);
});
