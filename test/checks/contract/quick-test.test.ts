import fc from "fast-check";
import { expect, test } from "vitest";
import { type CompiledContract, compileContract } from "../../../src/checks/contract/plan.ts";
import { quickTestOf } from "../../../src/checks/contract/quick-test.ts";
import { readContract } from "../../../src/checks/contract/read.ts";
import { judge, tallyOf } from "../../../src/checks/contract/tally.ts";

const settings = {
  columns: { extra: "warn", missingOptional: "warn", order: "ignore" },
  nulls: [""],
  rows: false,
} as const;

const bound = rarely(fc.integer({ min: -20, max: 1000 }));
const length = rarely(fc.integer({ min: 0, max: 12 }));
const property = fc.record({
  logicalType: fc.constantFrom(
    "string",
    "integer",
    "number",
    "boolean",
    "date",
    "timestamp",
    "time",
  ),
  unique: fc.constant(false),
  logicalTypeOptions: fc.record({
    minimum: bound,
    maximum: bound,
    exclusiveMinimum: bound,
    exclusiveMaximum: bound,
    minLength: length,
    maxLength: length,
  }),
});
const two = fc.integer({ min: 0, max: 99 }).map((number) => String(number).padStart(2, "0"));
const cell = fc.oneof(
  fc.integer({ min: -30, max: 1010 }).map(String),
  fc.stringMatching(/^-?\d{0,18}\.?\d{0,20}(e[+-]?\d{1,3})?$/),
  fc.tuple(two, two, two).map(([y, m, d]) => `20${y}-${m}-${d}`),
  fc
    .tuple(two, two, two, two, fc.constantFrom("", ":59", ":60", ":61", ":07.5", "Z", "+99", " Z"))
    .map(([d, h, m, s, end]) => `2024-02-${d}T${h}:${m}:${s}${end}`),
  fc.constantFrom(
    "true",
    "FALSE",
    "1",
    "0.99999999999999999999",
    "999.99999999999999999",
    "é",
    "👍👍",
  ),
  fc.string({ unit: "binary", maxLength: 14 }),
);

function rarely(number: fc.Arbitrary<number>): fc.Arbitrary<number | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, number);
}

function columnOf(one: object): Promise<CompiledContract> {
  const schema = [{ name: "table", properties: [{ name: "column", ...one }] }];
  const document = { apiVersion: "v3.1.0", kind: "DataContract", name: "quick", schema };
  return compileContract(readContract(JSON.parse(JSON.stringify(document)) as object));
}

test("a cell that is accepted by its bytes is one that nothing is found in", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      property,
      fc.array(cell, { minLength: 40, maxLength: 40 }),
      async (one, cells) => {
        const compiled = await columnOf(one);
        const plan = compiled.plan(compiled.contract.objects[0], "text").record.properties?.[0];
        if (plan === undefined) throw new Error("no column");
        const quick = quickTestOf(plan.column);
        for (const text of cells) {
          const bytes = Buffer.from(`,${text},`);
          if (quick?.(bytes, 1, bytes.length - 1) !== true) continue;
          const tally = tallyOf(plan, settings);
          judge(tally, text, 1);
          const { wrongTypes, nulls, failures } = tally;
          expect({ text, wrongTypes, nulls, failed: failures.some((count) => count > 0) }).toEqual({
            text,
            wrongTypes: 0,
            nulls: 0,
            failed: false,
          });
          accepted += 1;
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(1000);
});

test("what it does not know is left to the text", async () => {
  for (const [asked, isKnown] of [
    [{ logicalType: "string", logicalTypeOptions: { pattern: "^a" } }, false],
    [{ logicalType: "string", enum: [{ value: "a" }] }, false],
    [{ logicalType: "date", logicalTypeOptions: { format: "dd.MM.yyyy" } }, false],
    [{ logicalType: "integer", quality: [{ metric: "nullValues", mustBe: 0 }] }, false],
    [{ logicalType: "integer", required: true, unique: true }, true],
    [{ logicalType: "string", logicalTypeOptions: { maxLength: 4 } }, true],
  ] as const) {
    const compiled = await columnOf(asked);
    const plan = compiled.plan(compiled.contract.objects[0], "text").record.properties?.[0];
    expect(plan?.quick !== undefined, JSON.stringify(asked)).toBe(isKnown);
  }
});
