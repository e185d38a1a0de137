import { Failure } from "../../errors.ts";
import type { Table } from "./flatbuffer.ts";
import { invalid } from "./messages.ts";

/** Fields of a schema, nested ones too, at most. */
const MAX_FIELDS = 100_000;
const MAX_DEPTH = 100;

/**
 * The buffers of a field's arrays (Arrow columnar format, "Physical memory layout"). Widths are in
 * bits for values, and in bytes for offsets.
 */
export type Form =
  | { readonly form: "null" | "struct" | "sparse" | "runs" | "views" }
  | { readonly form: "fixed"; readonly bits: number }
  | { readonly form: "variable" | "list" | "listView"; readonly bytes: 4 | 8 }
  | { readonly form: "fixedList"; readonly size: number }
  | { readonly form: "dense"; readonly typeIds: readonly number[] };

/** A field of a schema, by the layout of its arrays. */
export type Layout = Form & { readonly children: readonly Layout[] };

/**
 * The layouts of a schema's fields.
 * @throws Failure FORMAT_INVALID for a type that is not known, LIMIT_EXCEEDED for too many fields;
 * RangeError where the FlatBuffer is damaged
 */
export function layoutsOf(schema: Table): readonly Layout[] {
  let count = 0;
  return schema.tables(1).map((field) => layoutOf(field, 0));

  function layoutOf(field: Table, depth: number): Layout {
    count += 1;
    if (count > MAX_FIELDS || depth > MAX_DEPTH) {
      throw new Failure("LIMIT_EXCEEDED", `more than ${MAX_FIELDS} fields in its schema`);
    }
    const dictionary = field.table(4);
    if (dictionary !== undefined) {
      const index = dictionary.table(1);
      return { form: "fixed", bits: index?.number(0, 4) ?? 32, children: [] };
    }
    const children = field.tables(5).map((child) => layoutOf(child, depth + 1));
    return { ...formOf(field.number(2, 1), field.table(3)), children };
  }
}

/** The form of a type, by its number and parameters (Schema.fbs, `Type`). */
function formOf(type: number, parameters: Table | undefined): Form {
  const number = (field: number, bytes: 2 | 4, otherwise = 0) =>
    parameters?.number(field, bytes, otherwise) ?? otherwise;
  switch (type) {
    case 1:
      return { form: "null" };
    case 2:
      return fixed(number(0, 4));
    case 3:
      return fixed(16 << number(0, 2));
    case 4:
    case 5:
      return { form: "variable", bytes: 4 };
    case 6:
      return fixed(1);
    case 7:
      return fixed(number(2, 4, 128));
    case 8:
      return fixed(number(0, 2, 1) === 0 ? 32 : 64);
    case 9:
      return fixed(number(1, 4, 32));
    case 10:
    case 18:
      return fixed(64);
    case 11:
      return fixed([32, 64, 128][number(0, 2)] ?? 0);
    case 12:
    case 17:
      return { form: "list", bytes: 4 };
    case 13:
      return { form: "struct" };
    case 14:
      return number(0, 2) === 0
        ? { form: "sparse" }
        : { form: "dense", typeIds: parameters?.numbers(1, 4) ?? [] };
    case 15:
      return { form: "fixed", bits: 8 * number(0, 4) };
    case 16:
      return { form: "fixedList", size: number(0, 4) };
    case 19:
    case 20:
      return { form: "variable", bytes: 8 };
    case 21:
      return { form: "list", bytes: 8 };
    case 22:
      return { form: "runs" };
    case 23:
    case 24:
      return { form: "views" };
    case 25:
      return { form: "listView", bytes: 4 };
    case 26:
      return { form: "listView", bytes: 8 };
    default:
      throw invalid(`the type ${type}`);
  }
}

function fixed(bits: number): Form {
  if (![1, 8, 16, 32, 64, 128, 256].includes(bits)) throw invalid(`values of ${bits} bits`);
  return { form: "fixed", bits };
}
