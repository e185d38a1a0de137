import { describe, expect, test } from "vitest";
import { parseContract } from "../../../src/config/contract-document.ts";
import type { Column } from "../../../src/checks/contract/contract.ts";
import { readContract } from "../../../src/checks/contract/read.ts";
import { heldTo, odcs } from "../../helpers/held-to.ts";

const read = (text: string) => readContract(parseContract(Buffer.from(text)));
const head = "apiVersion: v3.1.0\nkind: DataContract\nname: n\nversion: 1.0.0\n";

function columnsOf(text: string): readonly Column[] {
  return read(text).objects[0].record.properties ?? [];
}

describe("a document that is no contract is refused, with the place and the reason", () => {
  test.each([
    ["a list", "[1, 2]", /is no contract/],
    ["text", "hello", /is no contract/],
    ["no YAML", "a: [", /line 1/],
    [
      "another version",
      "apiVersion: v2.3.0\nkind: DataContract\nschema: []\n",
      /^apiVersion: is v2\.3\.0/,
    ],
    ["another kind", "apiVersion: v3.0.0\nkind: DataProduct\n", /^kind: is DataProduct/],
    ["without a version of the standard", "id: a\nschema: [{name: o}]\n", /^kind: is missing/],
    ["without objects", `${head}status: active\n`, /^schema: describes no object/],
    [
      "the older specification",
      "dataContractSpecification: 1.1.0\nmodels: {}\n",
      /datacontract export/,
    ],
    [
      "a property without a name",
      `${head}schema: [{name: o, properties: [{logicalType: string}]}]`,
      /^schema\[0\]\.properties\[0\]: has no name/,
    ],
    [
      "an enum without a value",
      `${head}schema: [{name: o, properties: [{name: a, enum: [{label: x}]}]}]`,
      /enum\[0\]: has no value/,
    ],
    [
      "an empty enum",
      `${head}schema: [{name: o, properties: [{name: a, enum: []}]}]`,
      /enum: allows no value/,
    ],
    [
      "a pair of one",
      `${head}schema: [{name: o, quality: [{metric: rowCount, mustBeBetween: [1]}]}]`,
      /mustBeBetween: is no pair of numbers/,
    ],
    [
      "a rule without a metric",
      `${head}schema: [{name: o, quality: [{type: library, mustBe: 0}]}]`,
      /names no metric/,
    ],
    [
      "a variable in place of a number",
      `${head}schema: [{name: o, properties: [{name: a, logicalTypeOptions: {maxLength: "\${M}"}}]}]`,
      /maxLength: is no number/,
    ],
    ["a schema elsewhere", "name: t\npath: t.csv\nschema: schema.json\n", /path of another file/],
    [
      "a type of JSON that is none",
      "type: object\nproperties: {a: {type: txt}}\n",
      /txt is no type/,
    ],
  ])("%s", (_, text, why) => {
    expect(() => read(text)).toThrow(why);
  });

  test("aliases that stand for aliases", () => {
    const bomb = Array.from({ length: 9 }, (_, i) =>
      i === 0
        ? "a0: &a0 [x, x, x, x, x, x, x, x, x]"
        : `a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(", ")}]`,
    );
    expect(() => read(bomb.join("\n"))).toThrow(/alias/i);
  });
});

/**
 * Parts of files of bitol-io/open-data-contract-standard and datacontract/datacontract-cli, as far as
 * they bear on a sample: each by its place there.
 */
const others: readonly (readonly [
  place: string,
  schema: string,
  columns: string,
  skipped: number,
])[] = [
  [
    "docs/examples/schema/enum",
    "[{name: orders, properties: [{name: order_id, primaryKey: true, primaryKeyPosition: 1, logicalType: string, required: true}, {name: priority, logicalType: integer, required: false, enum: [{value: 1, label: One}, {value: 2, label: Two, customProperties: [{property: a, value: 72}]}]}]}]",
    "string integer",
    0,
  ],
  [
    "docs/examples/schema/map",
    "[{name: products, properties: [{name: daily_counts, logicalType: map, physicalType: 'MAP<STRING, INT>', map: {key: {logicalType: string}, value: {logicalType: integer, logicalTypeOptions: {minimum: 0}}}}, {name: tags, logicalType: map, map: {key: {logicalType: string}, value: {logicalType: array, items: {logicalType: number}}}}]}]",
    "map map",
    0,
  ],
  [
    "docs/examples/schema/all-schema-types",
    "[{name: AnotherObject, logicalType: object, properties: [{name: x, logicalType: array, physicalType: array, items: {logicalType: object, properties: [{name: id, logicalType: string, physicalType: VARCHAR(40)}]}}]}]",
    "array",
    0,
  ],
  [
    "docs/examples/schema/measures-and-dimensions",
    "[{name: turnover, physicalName: metrics_turnover, properties: [{name: turnover_ts, logicalType: date, physicalType: TIMESTAMP}, {name: order_month, semanticType: dimension, logicalType: date, transformLogic: x}, {name: nb, semanticType: measure, logicalType: integer, transformLogic: COUNT(*)}]}]",
    "date",
    0,
  ],
  [
    "docs/examples/data-types/all-data-types",
    "[{name: t, properties: [{name: d, physicalType: date, logicalType: date, logicalTypeOptions: {exclusiveMinimum: '2020-01-01', maximum: '2021-01-01', format: yyyy-MM-dd}}, {name: ts, physicalType: timestamp, logicalType: date, logicalTypeOptions: {minimum: '2020-01-01 00:00:00', format: 'yyyy-MM-dd HH:mm:ss'}}, {name: amount, logicalType: number, logicalTypeOptions: {minimum: 0, format: f32}}, {name: c, physicalType: json, logicalType: object, logicalTypeOptions: {required: [num_children], maxProperties: 5}}]}]",
    "date date number any",
    1,
  ],
  [
    "docs/examples/all/postgresql-adventureworks-contract",
    "[{name: shift, physicalName: shift, physicalType: table, properties: [{name: shiftid, logicalType: number, physicalType: serial, primaryKey: true}, {name: name, logicalType: object, physicalType: Name}, {name: starttime, logicalType: date, physicalType: time}, {name: modifieddate, logicalType: date, physicalType: timestamp}]}]",
    "number any time date",
    1,
  ],
  [
    "docs/examples/quality/column-accuracy",
    "[{name: a, properties: [{name: DataValue, logicalType: number, physicalType: 'float(3,2)', quality: [{type: library, rule: between, customProperties: [{property: min, value: 0}]}]}]}]",
    "number",
    1,
  ],
  [
    "docs/examples/quality/column-validity",
    "[{name: a, properties: [{name: s, primaryKey: true, logicalType: string, quality: [{metric: invalidValues, mustBeLessOrEqualTo: 5, unit: percent, arguments: {validValues: ['', null, n/a]}}]}]}]",
    "string",
    0,
  ],
  [
    "docs/examples/quality/column-custom",
    "[{name: a, properties: [{name: u, logicalType: number, physicalType: int, quality: [{type: custom, engine: soda, implementation: 'type: x'}, {type: custom, engine: soda, implementation: {type: x}}]}]}]",
    "number",
    2,
  ],
  [
    "docs/examples/fundamentals/strict-schema-test-invalid",
    "[{name: users, undefinedSchemaProperty: x, properties: [{name: email, logicalType: string, undefinedPropertyField: x, quality: [{type: library, dimension: accuracy, rule: validValues, query: SELECT}]}]}]",
    "string",
    1,
  ],
  [
    "src/script/negative-tests/quality-element-field",
    "[{name: orders, properties: [{name: c, logicalType: string, quality: [{element: orders.c, rule: EXISTS IN customers.id}]}]}]",
    "string",
    1,
  ],
  [
    "src/script/negative-tests/quality-multiple-operators",
    "[{name: orders, properties: [{name: c, logicalType: string, quality: [{type: library, metric: nullValues, mustBe: 0, mustNotBe: 5}]}]}]",
    "string",
    0,
  ],
  [
    "src/script/negative-tests/map-missing-value",
    "[{name: orders, properties: [{name: p, logicalType: map, map: {key: {logicalType: string}}}]}]",
    "map",
    0,
  ],
  [
    "tests/fixtures/lint/valid-3.2.0",
    "[{name: turnover, properties: [{name: embedding, logicalType: vector, physicalType: vector(1536), logicalTypeOptions: {dimensions: 1536}}, {name: legacy, logicalType: boolean, deprecated: true}]}]",
    "any boolean",
    1,
  ],
  [
    "tests/fixtures/lint/valid",
    "[{name: s2, physicalName: shipments_v2, properties: [{name: shipment_id, physicalName: sid, logicalType: string, physicalType: uuid}, {name: order_id, physicalName: oid, physicalType: text}, {name: d, logicalType: date, physicalType: timestamp_tz}, {name: j, logicalType: object, physicalType: json, quality: [{type: text, description: x}]}]}]",
    "string string date any",
    2,
  ],
  [
    "tests/fixtures/lint/invalid_multiple_schema_errors",
    "[{name: o, logicalType: object, description: , properties: [{name: id, logicalType: string}]}]",
    "string",
    0,
  ],
  [
    "tests/fixtures/spec/datacontract_nested_properties",
    "[{name: m, properties: [{name: id, logicalType: string, properties: [{name: nested_id, logicalType: string}]}]}]",
    "string",
    0,
  ],
  [
    "tests/fixtures/jsonschema/jsonschema",
    "[{name: t, properties: [{name: p, logicalType: string, logicalTypeOptions: {pattern: '^[A-Z]{3}-\\d{4}$'}}, {name: l, logicalType: integer, logicalTypeOptions: {format: i64, minimum: -9223372036854775808}}, {name: o, logicalType: object, required: true, logicalTypeOptions: {minProperties: 1, required: [id]}, properties: [{name: id, logicalType: integer, required: true}]}]}]",
    "string integer object",
    0,
  ],
  [
    "tests/fixtures/dqx/datacontract",
    "[{name: t, properties: [{name: r, physicalType: array, logicalType: array, required: false, quality: [{type: custom, engine: dqx, implementation: {criticality: minor}}], items: {name: item, logicalType: string}}], quality: [{type: custom, engine: dqx, implementation: {}}]}]",
    "array",
    2,
  ],
  [
    "tests/fixtures/bigquery/datacontract_with_quality_rules",
    "[{name: t, physicalType: TABLE, properties: [{name: f, physicalType: STRING, logicalType: string, quality: [{type: library, metric: duplicateValues, mustBe: 0}]}]}]",
    "string",
    0,
  ],
  [
    "examples/imports/csv/datacontract",
    "[{name: orders, properties: [{name: ts, physicalType: VARCHAR, logicalType: timestamp, required: true, unique: true}, {name: n, physicalType: INTEGER, logicalType: integer, logicalTypeOptions: {minimum: 1299.0}}]}]",
    "timestamp integer",
    0,
  ],
  [
    "examples/imports/json/datacontract",
    "[{name: orders, physicalType: object, properties: [{name: t, logicalType: string, logicalTypeOptions: {format: date-time}}]}]",
    "string",
    0,
  ],
  [
    "tests/fixtures/odcs_v3/full-example",
    "[{name: tbl, physicalName: tbl_1, properties: [{name: c, logicalType: string, quality: [{rule: nullValues, mustBe: 0, type: library, customProperties: [{property: FIELD_NAME, value: }]}]}], quality: [{rule: rowCount, mustBeGreaterThan: 1000, type: library}]}]",
    "string",
    0,
  ],
];

test.each(others)("%s is read", (_, schema, columns, skipped) => {
  const { objects } = read(`${head}schema: ${schema}\n`);
  const [{ record, unjudged }] = objects;
  const all = record.properties ?? [];
  expect(all.map(({ type }) => type ?? "any").join(" ")).toBe(columns);
  const left = [...unjudged, ...all.flatMap((column) => column.unjudged)];
  expect(left.map(({ reason }) => reason)).toHaveLength(skipped);
});

test("names, keys and options of ODCS", () => {
  const [a, b] = columnsOf(
    `${head}schema: [{name: o, physicalName: o_1, properties: [{name: a, physicalName: a_1, required: true, unique: true}, {name: b, physicalType: VARCHAR(3), logicalTypeOptions: {maxLength: 3}}]}]`,
  );
  expect(a).toMatchObject({
    names: ["a_1", "a"],
    isRequired: true,
    isNullable: false,
    isUnique: true,
  });
  expect(b).toMatchObject({ type: "string", isNullable: true, options: { maxLength: 3 } });
  expect(read(`${head}schema: [{name: o, physicalName: o_1}]`)).toMatchObject({
    id: "n@1.0.0",
    objects: [{ names: ["o_1", "o"] }],
  });
});

test("a server of CSV says how text is written", async () => {
  const contract = {
    ...odcs([{ name: "a" }, { name: "b" }]),
    servers: [{ server: "s", type: "local", format: "csv", delimiter: ";", encoding: "UTF-8" }],
  };
  expect((await heldTo(contract, "a;b\n1;2\n")).wrong).toEqual([]);
  expect((await heldTo(contract, "a,b\n1,2\n")).wrong).toEqual(["delimiter 1"]);
  expect((await heldTo(contract, Buffer.from("a;b\nä;2\n", "latin1"))).wrong).toEqual([
    "encoding 1",
  ]);
});

describe("Table Schema", () => {
  const fields = [
    { name: "id", type: "integer", constraints: { required: true, unique: true } },
    { name: "price", type: "number", decimalChar: ",", groupChar: "." },
    { name: "ok", type: "boolean", trueValues: ["ja"], falseValues: ["nein"] },
    { name: "day", type: "date", format: "%d.%m.%Y" },
    {
      name: "code",
      type: "string",
      constraints: { pattern: "[A-Z]{2}", enum: ["AB", "CD", "XY1"] },
    },
  ];
  const good = "id;price;ok;day;code\n1;1.234,50;ja;18.01.2026;AB\n";

  test("constraints and spellings; a pattern is for all of a value", async () => {
    expect((await heldTo({ fields }, good)).wrong).toEqual([]);
    const bad = `${good}1;1.5;yes;2026-01-18;XY1\n-;2;ja;18.01.2026;CD\n`;
    const { wrong } = await heldTo({ fields, missingValues: ["-"] }, bad);
    expect(wrong).toEqual([
      "type ok 1",
      "type day 1",
      "required id 1",
      "pattern code 1",
      "unique id 1",
    ]);
  });

  test.each([
    ["exact", "b,a,c\n1,2,3\n", ["extra c 1", "order 1"]],
    ["equal", "b,a\n1,2\n", []],
    ["subset", "b,a,c\n1,2,3\n", []],
    ["superset", "b,c\n1,2\n", ["extra c 1"]],
    ["partial", "b,c\n1,2\n", []],
  ])("fieldsMatch: %s", async (fieldsMatch, file, wrong) => {
    const schema = { fields: [{ name: "a" }, { name: "b" }], fieldsMatch };
    expect((await heldTo(schema, file)).wrong).toEqual(wrong);
  });

  test("a Data Resource, and a Data Package of several", async () => {
    const schema = { fields: [{ name: "a", type: "integer" }, { name: "b" }], primaryKey: ["a"] };
    const resource = {
      name: "orders",
      path: "o.csv",
      dialect: { delimiter: ";" },
      encoding: "utf-8",
      schema,
    };
    expect((await heldTo(resource, "a;b\n1;2\n1;3\n")).wrong).toEqual(["primaryKey 1"]);
    const other = { name: "other", path: "x.csv", schema: { fields: [{ name: "z" }] } };
    const all = { name: "pack", version: "2.0", resources: [other, resource] };
    const { wrong, validation } = await heldTo(all, "a,b\nx,2\n");
    expect(wrong).toEqual(["delimiter 1", "type a 1"]);
    expect(validation?.result).toBe("failed");
    expect(readContract(all).id).toBe("pack@2.0");
  });

  test("without a header, columns are those in their places", async () => {
    const schema = {
      fields: [
        { name: "a", type: "integer" },
        { name: "b", type: "date" },
      ],
    };
    const resource = { name: "orders", path: "o.csv", dialect: { header: false }, schema };
    expect((await heldTo(resource, "1,2026-01-18\n2,x\n")).wrong).toEqual(["type b 1"]);
  });
});
