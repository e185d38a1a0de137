import type { Schema } from "avsc";
import fc from "fast-check";

interface AnyValue {
  readonly schema: Schema;
  readonly value: fc.Arbitrary<unknown>;
}

let names = 0;

/** A schema, with what makes values of it. */
const anySchema = fc.letrec<{ any: AnyValue; flat: AnyValue }>((tie) => ({
  flat: fc.oneof(
    flat("null", fc.constant(null)),
    flat("boolean", fc.boolean()),
    flat("int", fc.integer()),
    flat("long", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    flat("float", fc.float()),
    flat("double", fc.double()),
    flat(
      "bytes",
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
    flat("string", fc.string({ unit: "binary" })),
    fc.integer({ min: 1, max: 20 }).map((size) => ({
      schema: { type: "fixed", name: nextName(), size } as Schema,
      value: fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes)),
    })),
    fc.constant(["A", "B", "C"]).map((symbols) => ({
      schema: { type: "enum", name: nextName(), symbols: [...symbols] } as Schema,
      value: fc.constantFrom(...symbols),
    })),
  ),
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("flat"),
    tie("any").map(({ schema, value }) => ({
      schema: { type: "array", items: schema } as Schema,
      value: fc.array(value, { maxLength: 5 }),
    })),
    tie("any").map(({ schema, value }) => ({
      schema: { type: "map", values: schema } as Schema,
      value: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        value,
        { maxKeys: 3, noNullPrototype: true },
      ),
    })),
    fc.array(tie("any"), { maxLength: 4 }).map((fields) => ({
      schema: {
        type: "record",
        name: nextName(),
        fields: fields.map(({ schema }, i) => ({ name: `f${i}`, type: schema })),
      } as Schema,
      value: fc
        .tuple(...fields.map(({ value }) => value))
        .map((values) => Object.fromEntries(values.map((value, i) => [`f${i}`, value]))),
    })),
    tie("any")
      .filter(({ schema }) => !Array.isArray(schema) && schema !== "null")
      .map(({ schema, value }) => ({
        schema: ["null", schema] as Schema,
        value: fc.option(value.map((inner) => ({ [nameOf(schema)]: inner }))),
      })),
  ),
}));

/** A schema of a record, and records of it. Other values are not, since for avsc null is an end. */
export const anyFile = anySchema.any.chain(({ schema, value }) =>
  fc.array(value, { maxLength: 12 }).map((values) => ({
    schema: { type: "record", name: "Top", fields: [{ name: "v", type: schema }] } as Schema,
    values: values.map((v) => ({ v })),
  })),
);

function flat(schema: Schema, value: fc.Arbitrary<unknown>): fc.Arbitrary<AnyValue> {
  return fc.constant({ schema, value });
}

function nextName(): string {
  names += 1;
  return `N${names}`;
}

/** The name that avsc gives the branch of a union. */
function nameOf(schema: Schema): string {
  if (typeof schema === "string") return schema;
  const { type, name } = schema as { readonly type: string; readonly name?: string };
  return name ?? type;
}
