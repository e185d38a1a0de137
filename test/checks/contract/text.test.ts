import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../../src/config/schema.ts";
import { zipOf } from "../../../fixtures/zip-blocks.ts";
import { defaultSettings, heldTo, odcs } from "../../helpers/held-to.ts";

const typed = (logicalType: string, options?: object) => ({
  name: "x",
  logicalType,
  ...(options === undefined ? {} : { logicalTypeOptions: options }),
});

describe("a type takes the spellings that databases and programs write, and no others", () => {
  test.each([
    [
      "integer",
      ["0", "-1", "+7", "007", "9223372036854775807"],
      ["1.0", "1e3", "1,000", "x", " 1"],
    ],
    ["number", ["1", "-1.5", ".5", "1.", "1e-3", "007.10"], ["1,5", "1.000,50", "NaN", "1 000"]],
    ["boolean", ["true", "FALSE", "1", "0"], ["yes", "2", "t"]],
    [
      "date",
      ["2026-01-18", "2024-02-29"],
      ["2026-02-29", "18.01.2026", "2026-1-8", "2026-01-18 10:00"],
    ],
    [
      "timestamp",
      [
        "2026-01-18T14:30:07Z",
        "2026-01-18 14:30:07.123456",
        "2026-01-18T14:30+01:00",
        "2026-01-18",
      ],
      ["2026-01-18T25:00:00", "2026-01-18T14:30:07.", "1737200000", "2026-01-18T"],
    ],
    ["time", ["14:30", "23:59:60", "14:30:07.5"], ["24:01", "2 pm"]],
    ["string", ["anything", "1"], []],
  ])("%s", async (type, good, bad) => {
    const contract = odcs([{ name: "id", logicalType: "string" }, typed(type)]);
    const file = (values: readonly string[]) =>
      `id,x\n${values.map((value) => `1,"${value}"\n`).join("")}`;
    expect((await heldTo(contract, file(good))).wrong).toEqual([]);
    for (const value of bad)
      expect([value, (await heldTo(contract, file([value]))).wrong]).toEqual([value, ["type x 1"]]);
  });
});

describe("options", () => {
  test.each([
    ["integer", { minimum: 2 }, "1,2,3", ["minimum x 1"]],
    [
      "integer",
      { maximum: 9007199254740992 },
      "9007199254740992,9007199254740993",
      ["maximum x 1"],
    ],
    [
      "number",
      { exclusiveMinimum: 0, exclusiveMaximum: 1 },
      "0,0.5,1",
      ["exclusiveMinimum x 1", "exclusiveMaximum x 1"],
    ],
    ["number", { multipleOf: 0.1 }, "0.3,0.7,0.35", ["multipleOf x 1"]],
    ["integer", { format: "u8" }, "0,255,256,-1", ["format x 2"]],
    [
      "string",
      { minLength: 2, maxLength: 3 },
      "a,ab,abcd,😀😀😀",
      ["minLength x 1", "maxLength x 1"],
    ],
    ["string", { pattern: "[0-9]{2}" }, "a12b,1", ["pattern x 1"]],
    ["string", { format: "uuid" }, "123e4567-e89b-12d3-a456-426614174000,1", ["format x 1"]],
    ["date", { minimum: "2026-01-01" }, "2025-12-31,2026-01-01", ["minimum x 1"]],
    [
      "date",
      { format: "dd.MM.yyyy", maximum: "2026-01-31" },
      "31.01.2026,01.02.2026,31.02.2026",
      ["type x 1", "maximum x 1"],
    ],
    [
      "timestamp",
      { exclusiveMaximum: "2026-01-18T12:00:00Z" },
      "2026-01-18T12:30:00+01:00,2026-01-18T12:00:00Z",
      ["exclusiveMaximum x 1"],
    ],
  ])("%s %o", async (type, options, values, wrong) => {
    const rows = values
      .split(",")
      .map((value) => `1,${value}\n`)
      .join("");
    const contract = odcs([{ name: "id" }, typed(type, options)]);
    expect((await heldTo(contract, `id,x\n${rows}`)).wrong.toSorted()).toEqual(wrong.toSorted());
  });

  test("an enum takes numbers however they are spelled, and texts as they are", async () => {
    const number = { name: "n", logicalType: "integer", enum: [{ value: 1 }, { value: 2 }] };
    const text = { name: "t", logicalType: "string", enum: [{ value: "a" }, { value: "b" }] };
    const { wrong } = await heldTo(odcs([number, text]), "n,t\n1,a\n02,b\n3,A\n");
    expect(wrong).toEqual(["enum n 1", "enum t 1"]);
  });

  test("what cannot be judged is skipped, with the reason", async () => {
    const { results, wrong } = await heldTo(
      odcs([
        { name: "a", logicalType: "string", logicalTypeOptions: { pattern: "(?=x)y" } },
        { name: "b", logicalType: "date", logicalTypeOptions: { format: "EEE, d MMM" } },
        { name: "c", logicalType: "vector" },
        {
          name: "d",
          logicalType: "string",
          quality: [{ type: "sql", query: "SELECT 1", mustBe: 0 }],
        },
      ]),
      "a,b,c,d\nx,y,z,w\n",
    );
    const skipped = results.filter(({ result }) => result === "skipped");
    expect(wrong).toEqual([]);
    expect(skipped.map(({ check, column }) => `${check} ${column}`)).toEqual([
      "type b",
      "type c",
      "pattern a",
      "quality d",
    ]);
    expect(skipped.every(({ reason }) => reason !== undefined && reason !== "")).toBe(true);
  });

  test("a pattern that takes other engines forever is judged at once", async () => {
    const evil = typed("string", { pattern: "^(a+)+$" });
    const { wrong } = await heldTo(odcs([{ name: "id" }, evil]), `id,x\n1,${"a".repeat(27)}!\n`);
    expect(wrong).toEqual(["pattern x 1"]);
  });
});

describe("header", () => {
  const contract = odcs([
    { name: "id", logicalType: "integer", required: true },
    { name: "price", logicalType: "number" },
  ]);

  test.each([
    ["as it should be", "id,price\n1,2\n", []],
    ["after a byte order mark", "\ufeffid,price\n1,2\n", []],
    ["in quotes", '"id","price"\n1,2\n', []],
    ["with a delimiter at its end", "id,price,\n1,2,\n2,3,\n", []],
    ["in another order", "price,id\n2,1\n", []],
    ["without a column that is required", "price,other\n2,1\n", ["missing id 1", "?extra other 1"]],
    ["without one that is not", "id\n1\n", ["?missing price 1"]],
    ["with one more", "id,price,more\n1,2,3\n", ["?extra more 1"]],
    ["with a name twice", "id,price,price\n1,2,x\n", ["duplicate price 1"]],
  ])("%s", async (_, file, wrong) => {
    expect((await heldTo(contract, file)).wrong).toEqual(wrong);
  });

  test("a first row of values is not told of by its fields", async () => {
    const { wrong, validation } = await heldTo(contract, "1,secret\n2,other\n");
    expect(wrong).toEqual(["header 2"]);
    expect(JSON.stringify(validation)).not.toContain("secret");
  });

  test("settings say what becomes of columns that are not those of the contract", async () => {
    const columns = { extra: "fail", missingOptional: "ignore", order: "fail" } as const;
    const { wrong } = await heldTo(contract, "more,id\n1,2\n", { columns });
    expect(wrong).toEqual(["extra more 1"]);
    expect((await heldTo(contract, "price,id\n1,2\n", { columns })).wrong).toEqual(["order 1"]);
  });
});

test("null is what the settings say; required is not null, and a column that is missing is told of once", async () => {
  const contract = odcs([{ name: "id", logicalType: "integer", required: true }, { name: "t" }]);
  const file = "id,t\n1,a\nNA,b\n,c\n";
  expect((await heldTo(contract, file)).wrong).toEqual(["type id 1", "required id 1"]);
  expect((await heldTo(contract, file, { nulls: ["", "NA"] })).wrong).toEqual(["required id 2"]);
});

test("rows of another length, and a quote that is not closed", async () => {
  const contract = odcs([{ name: "a" }, { name: "b" }]);
  expect((await heldTo(contract, "a,b\n1,2\n3\n4,5,6\n")).wrong).toEqual(["shape 2"]);
  expect((await heldTo(contract, 'a,b\n1,2\n3,"4\n')).wrong).toEqual(["shape 1"]);
});

test("unique, and the columns of a primary key together", async () => {
  const contract = odcs([
    { name: "a", primaryKey: true, primaryKeyPosition: 2 },
    { name: "b", primaryKey: true, primaryKeyPosition: 1 },
    { name: "c", unique: true },
  ]);
  const { wrong } = await heldTo(contract, "a,b,c\n1,1,x\n1,2,x\n1,1,y\n,3,z\n");
  expect(wrong).toEqual(["unique c 1", "primaryKey 2"]);
});

test("an empty file fails, one without rows or of another format is told of", async () => {
  const contract = odcs([{ name: "a" }]);
  expect((await heldTo(contract, "")).wrong).toEqual(["file 1"]);
  expect((await heldTo(contract, "a\n")).wrong).toEqual(["?file 1"]);
  expect((await heldTo(contract, Buffer.alloc(99, 7), { name: "a.bin" })).wrong).toEqual([
    "?file 1",
  ]);
});

test.each([
  ["UTF-16", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["Latin-1", (text: string) => Buffer.from(text, "latin1")],
  ["gzip", (text: string) => gzipSync(text)],
])("%s is read as its text", async (what, encode) => {
  const contract = odcs([
    { name: "größe", logicalType: "string", logicalTypeOptions: { maxLength: 4 } },
    { name: "b" },
  ]);
  const name = what === "gzip" ? "orders.csv.gz" : "orders.csv";
  const { wrong } = await heldTo(contract, encode("größe,b\nällä,1\nlänger,2\n"), { name });
  expect(wrong).toEqual(["maxLength größe 1"]);
});

describe("rules of quality are judged as far as a sample can refute them", () => {
  const rowCount = (bound: object) =>
    odcs([{ name: "a" }], { quality: [{ metric: "rowCount", ...bound }] });
  const file = `a\n${"1\n".repeat(30)}`;

  test.each([
    [{ mustBeGreaterThan: 100 }, [], ["rowCount"]],
    [{ mustBeGreaterThan: 5 }, [], []],
    [{ mustBeLessThan: 10 }, ["rowCount 20"], []],
    [{ mustBe: 40 }, [], ["rowCount"]],
    [{ mustBe: 19 }, ["rowCount 20"], []],
    [{ mustBeBetween: [1, 19] }, ["rowCount 20"], []],
    [{ mustNotBe: 30 }, [], ["rowCount"]],
  ])("the first 20 of 30 rows, %o", async (bound, wrong, skipped) => {
    const held = await heldTo(rowCount(bound), file, { most: 20 });
    expect([held.wrong, held.skipped]).toEqual([wrong, skipped]);
  });

  test("all rows", async () => {
    expect((await heldTo(rowCount({ mustBeGreaterThan: 100 }), file)).wrong).toEqual([
      "rowCount 30",
    ]);
    expect((await heldTo(rowCount({ mustBe: 30 }), file)).wrong).toEqual([]);
  });

  test("of a column", async () => {
    const quality = [
      { metric: "nullValues", mustBe: 0 },
      { metric: "missingValues", arguments: { missingValues: ["n/a", null] }, mustBeLessThan: 2 },
      {
        metric: "invalidValues",
        arguments: { validValues: ["kg", "lb"] },
        mustBe: 0,
        severity: "warning",
      },
      { metric: "duplicateValues", mustBeLessOrEqualTo: 5 },
      { metric: "nullValues", mustBeLessThan: 50, unit: "percent" },
    ];
    const contract = odcs([{ name: "id" }, { name: "u", quality }]);
    const { wrong, skipped } = await heldTo(contract, "id,u\n1,kg\n2,n/a\n3,\n4,kg\n", { most: 3 });
    expect(wrong).toEqual(["nullValues u 1", "missingValues u 2", "?invalidValues u 1"]);
    expect(skipped).toEqual(["nullValues u"]);
  });
});

test("numbers of rows are told where that is asked for, 20 at most", async () => {
  const contract = odcs([{ name: "a", logicalType: "integer" }, { name: "b" }]);
  const file = `a,b\n1,1\n${"x,1\n".repeat(30)}`;
  const { validation } = await heldTo(contract, file, { rows: true });
  expect(validation?.failed).toMatchObject([
    { check: "type", column: "a", count: 30, rows: Array.from({ length: 20 }, (_, i) => i + 2) },
  ]);
  expect((await heldTo(contract, file)).validation?.failed[0]).not.toHaveProperty("rows");
});

test("a verdict tells 20 checks at most, and how many more", async () => {
  const columns = Array.from({ length: 30 }, (_, i) => ({ name: `c${i}`, logicalType: "integer" }));
  const names = columns.map(({ name }) => name).join(",");
  const { validation } = await heldTo(
    odcs(columns),
    `${names}\n${columns.map(() => "x").join(",")}\n`,
  );
  expect(validation).toMatchObject({ result: "failed", rows: 1, of: "all", more: 10 });
  expect(validation?.failed).toHaveLength(20);
});

test("a contract of 10,000 columns is judged", async () => {
  const columns = Array.from({ length: 10_000 }, (_, i) => ({
    name: `c${i}`,
    logicalType: "integer",
  }));
  const names = columns.map(({ name }) => name).join(",");
  const values = columns.map((_, i) => (i === 9999 ? "x" : "1")).join(",");
  expect((await heldTo(odcs(columns), `${names}\n${values}\n`)).wrong).toEqual(["type c9999 1"]);
});

test("an archive's members are held to the object that has their name", async () => {
  const object = (name: string, logicalType: string) => ({
    name,
    properties: [{ name: "a", logicalType }, { name: "b" }],
  });
  const contract = { ...odcs([]), schema: [object("orders", "integer"), object("items", "date")] };
  const zip = zipOf(
    ["orders_1.csv", "items.csv", "notes.csv"].map((name) => ({ name, data: "a,b\n1,2\n" })),
  );
  const { wrong } = await heldTo(contract, zip, { name: "all.zip" });
  expect(wrong).toEqual(["type a 1", "?file 1"]);
});

test("globs of the settings choose files, and what they do not match is held to nothing", async () => {
  const contract = odcs([{ name: "a", logicalType: "integer" }, { name: "b" }]);
  const held = (glob: string, object = "orders") =>
    heldTo(contract, "a,b\nx,1\n", { objects: { [glob]: object } });
  expect((await held("raw/*.csv")).wrong).toEqual(["type a 1"]);
  expect((await held("raw/*.tsv")).validation).toBeUndefined();
  expect((await held("raw/*.csv", "other")).validation).toMatchObject({ result: "error" });
});

test("no value ever stands in a verdict", async () => {
  const value = fc.stringMatching(/^[a-z0-9 é.,"-]{6,20}$/);
  const options = { pattern: "^z", minLength: 100, format: "uuid" };
  const columns = [
    { name: "a", logicalType: "integer", required: true, unique: true },
    { name: "b", logicalType: "date", logicalTypeOptions: { minimum: "2026-01-01" } },
    { name: "c", logicalType: "string", logicalTypeOptions: options, enum: [{ value: "zzzzzz" }] },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(value, { minLength: 1, maxLength: 5 })),
      fc.boolean(),
      async (rows, hasHeader) => {
        const lines = rows.map((row) =>
          row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(","),
        );
        const header = hasHeader ? ["a,b,c"] : [];
        const { validation, results } = await heldTo(
          odcs(columns),
          [...header, ...lines].join("\n"),
        );
        const told = JSON.stringify([validation, results]);
        for (const cell of rows.flat()) expect(told).not.toContain(cell);
      },
    ),
    { numRuns: 100 },
  );
});

test("the settings by default are those of the configuration", () => {
  const { file: _, ...contracts } = configSchema.parse({}).contracts;
  expect(contracts).toEqual(defaultSettings);
});
