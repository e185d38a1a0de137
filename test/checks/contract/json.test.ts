import { describe, expect, test } from "vitest";
import { heldTo, odcs } from "../../helpers/held-to.ts";

const lines = (...values: readonly unknown[]) =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("");

test("types of JSON are those of its values; a number in quotes is none", async () => {
  const contract = odcs([
    { name: "i", logicalType: "integer" },
    { name: "n", logicalType: "number" },
    { name: "b", logicalType: "boolean" },
    { name: "d", logicalType: "timestamp" },
    { name: "s", logicalType: "string" },
  ]);
  const good = { i: 1, n: 1.5, b: true, d: "2026-01-18T10:00:00Z", s: "x" };
  const bad = { i: "9007199254740993", n: "1.5", b: 1, d: 1_737_200_000, s: 1 };
  const name = "a.jsonl";
  expect((await heldTo(contract, lines(good, { ...good, i: 2.0 }), { name })).wrong).toEqual([]);
  expect((await heldTo(contract, lines(good, bad), { name })).wrong).toEqual(
    ["i", "n", "b", "d", "s"].map((column) => `type ${column} 1`),
  );
});

test("what is within objects, lists and maps is judged, under its path", async () => {
  const contract = odcs([
    {
      name: "address",
      logicalType: "object",
      properties: [
        { name: "city", logicalType: "string", required: true },
        { name: "zip", logicalType: "string", logicalTypeOptions: { pattern: "^[0-9]+$" } },
      ],
    },
    {
      name: "lines",
      logicalType: "array",
      logicalTypeOptions: { maxItems: 2, uniqueItems: true },
      items: { logicalType: "object", properties: [{ name: "price", logicalType: "number" }] },
    },
    {
      name: "scores",
      logicalType: "map",
      map: { key: { logicalType: "string" }, value: { logicalType: "integer" } },
    },
  ]);
  const { wrong } = await heldTo(
    contract,
    JSON.stringify([
      { address: { city: "a", zip: "12" }, lines: [{ price: 1 }], scores: { a: 1 } },
      {
        address: { city: null, zip: "x" },
        lines: [{ price: "1" }, { price: 2 }, { price: 2 }],
        scores: { a: "1" },
      },
      { address: { zip: "1", more: 1 }, lines: [], scores: {} },
    ]),
    { name: "a.json" },
  );
  expect(wrong.toSorted()).toEqual(
    [
      "missing address.city 1",
      "required address.city 1",
      "?extra address.more 1",
      "pattern address.zip 1",
      "maxItems lines 1",
      "uniqueItems lines 1",
      "type lines[].price 1",
      "type scores[] 1",
    ].toSorted(),
  );
});

test("keys that nobody named are told of by their names, but not where they look like data", async () => {
  const contract = odcs([{ name: "id", logicalType: "integer" }]);
  const held = (value: object) => heldTo(contract, lines(value), { name: "a.jsonl" });
  expect((await held({ id: 1, colour: "red" })).wrong).toEqual(["?extra colour 1"]);
  expect((await held({ id: 1, "a@example.org": 1 })).wrong).toEqual(["?extra 1"]);
});

test("an optional key that some rows leave out is fine; one that none has is told of", async () => {
  const contract = odcs([{ name: "a" }, { name: "b" }, { name: "c", required: true }]);
  const { wrong } = await heldTo(contract, lines({ a: 1, c: 1 }, { c: 1 }, { c: 1 }), {
    name: "a.jsonl",
  });
  expect(wrong).toEqual(["?missing b 3"]);
});

test("lines that are no JSON are rows that fail", async () => {
  const contract = odcs([{ name: "a", logicalType: "integer" }]);
  const { wrong, validation } = await heldTo(contract, '{"a":1}\n{"a":\n{"a":3}\n', {
    name: "a.jsonl",
  });
  expect(wrong).toEqual(["shape 1"]);
  expect(validation?.rows).toBe(3);
});

test("unique keys and primary keys of JSON", async () => {
  const contract = odcs([
    { name: "a", primaryKey: true },
    { name: "b", unique: true },
  ]);
  const { wrong } = await heldTo(contract, lines({ a: 1, b: { x: 1 } }, { a: "1", b: { x: 1 } }), {
    name: "a.jsonl",
  });
  expect(wrong).toEqual(["unique b 1", "primaryKey 1"]);
});

describe("JSON Schema", () => {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "order",
    type: "object",
    required: ["id", "when"],
    additionalProperties: false,
    properties: {
      id: { type: "integer", minimum: 1 },
      when: { type: "string", format: "date-time" },
      note: { type: ["string", "null"], maxLength: 3 },
      kind: { $ref: "#/$defs/kind" },
      tags: { type: "array", items: { type: "string", pattern: "^[a-z]" } },
      other: { oneOf: [{ type: "string" }, { type: "integer" }] },
      free: true,
    },
    $defs: { kind: { enum: ["a", "b"] } },
  };

  test("types, required, formats, references and what is not allowed", async () => {
    const { wrong, skipped } = await heldTo(
      schema,
      lines(
        {
          id: 1,
          when: "2026-01-18T10:00:00Z",
          note: null,
          kind: "a",
          tags: ["x"],
          other: 1,
          free: {},
        },
        { id: 0, when: "yesterday", note: "long", kind: "c", tags: ["X"], more: 1 },
        { id: null },
      ),
      { name: "a.jsonl" },
    );
    expect(wrong.toSorted()).toEqual(
      [
        "missing when 1",
        "extra more 1",
        "type when 1",
        "required id 1",
        "enum kind 1",
        "pattern tags[] 1",
        "minimum id 1",
        "maxLength note 1",
      ].toSorted(),
    );
    expect(skipped).toEqual(["oneOf other"]);
  });

  test("a document is held to it as a whole, a list by its items, and a list of records by each", async () => {
    const list = { type: "array", items: schema, $defs: schema.$defs };
    const good = { id: 1, when: "2026-01-18T10:00:00Z" };
    const held = (contract: object, value: unknown) =>
      heldTo(contract, JSON.stringify(value), { name: "a.json" });
    expect((await held(schema, good)).validation).toMatchObject({ result: "passed", rows: 1 });
    expect((await held(schema, [good, good])).validation).toMatchObject({
      result: "passed",
      rows: 2,
    });
    expect((await held(list, [good, { id: 1 }])).wrong).toEqual(["missing when 1"]);
  });

  test("a schema that holds itself is read so deep, and no deeper", async () => {
    const tree = { type: "object", properties: { child: { $ref: "#" }, n: { type: "integer" } } };
    const { wrong, skipped } = await heldTo(tree, JSON.stringify({ n: 1, child: { n: "x" } }), {
      name: "a.json",
    });
    expect(wrong).toEqual(["type child.n 1"]);
    expect(skipped.length).toBeGreaterThan(0);
  });

  test("lists that a sample may have cut are not asked for their length", async () => {
    const contract = {
      type: "object",
      properties: { rows: { type: "array", minItems: 5, items: { type: "integer" } } },
    };
    const value = JSON.stringify({ rows: Array.from({ length: 10 }, (_, i) => i) }, null, 1);
    const held = await heldTo(contract, value, { name: "a.json", most: 3 });
    expect(held.wrong).toEqual([]);
    expect(held.skipped).toEqual(["minItems rows"]);
    expect((await heldTo(contract, '{"rows": [1]}', { name: "a.json" })).wrong).toEqual([
      "minItems rows 1",
    ]);
  });
});
