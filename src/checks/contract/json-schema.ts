import { isMapping } from "../../lib/mapping.ts";
import {
  anyColumn,
  type Column,
  type ColumnType,
  type Contract,
  type Options,
  type Treatment,
  type Unjudged,
} from "./contract.ts";
import {
  known,
  listAt,
  listIfAny,
  type Node,
  nodeAt,
  nodeOf,
  numberAt,
  placeOf,
  Refusal,
  textAt,
  valueAt,
} from "./document.ts";
import { followed } from "./schema-references.ts";

/** Keywords that judge a value by other schemas; they are not judged. */
const COMPOSED = [
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "patternProperties",
  "propertyNames",
  "dependentRequired",
  "dependentSchemas",
  "dependencies",
  "contains",
  "prefixItems",
  "unevaluatedProperties",
  "unevaluatedItems",
] as const;
/** Schemas nested within each other, at most: one may refer to itself. */
const DEEPEST = 16;
/** Columns in all, at most: references can make many of few. */
const MOST_COLUMNS = 100_000;

const types: Readonly<Record<string, ColumnType>> = {
  string: "string",
  integer: "integer",
  number: "number",
  boolean: "boolean",
  object: "object",
  array: "array",
};

const texts: Readonly<Record<string, ColumnType>> = {
  date: "date",
  "date-time": "timestamp",
  time: "time",
};

/** True for a JSON Schema. */
export function isJsonSchema({ value }: Node): boolean {
  const { $schema, type, properties, $ref } = value;
  if (typeof $schema === "string") return /json-schema\.org/.test($schema);
  return isMapping(properties) || typeof $ref === "string" || type === "object" || type === "array";
}

/** A schema's root, and how many columns were made of it. */
interface Reading {
  readonly root: Node;
  columns: number;
}

/**
 * Reads a JSON Schema: types, properties, items, and what they demand of a value. Schemas that are
 * composed of others are not judged. References within the document are followed.
 * Source: JSON Schema 2020-12; drafts 4 to 7 where they say the same.
 * @throws Refusal
 */
export function readJsonSchema(root: Node): Contract {
  const id = textAt(root, "title") ?? textAt(root, "$id")?.split("/").at(-1) ?? "schema";
  const whole = columnOf(root, { root, columns: 0 }, { name: id, isRequired: false, depth: 0 });
  const isList = whole.type === "array" && whole.items !== undefined;
  // A document that is a list has a record for each of its items.
  const record = isList ? (whole.items as Column) : whole;
  return {
    id,
    objects: [
      {
        names: [id],
        record,
        isDocument: !isList,
        primaryKey: [],
        rules: [],
        unjudged: record === whole ? [] : whole.unjudged,
        dialect: {},
        missingOptional: "ignore",
      },
    ],
  };
}

function columnOf(
  said: Node,
  reading: Reading,
  {
    name,
    isRequired,
    depth,
  }: { readonly name: string; readonly isRequired: boolean; readonly depth: number },
): Column {
  reading.columns += 1;
  if (reading.columns > MOST_COLUMNS)
    throw new Refusal(said.at, `has more than ${MOST_COLUMNS} parts`);
  const column = {
    names: [name] as const,
    isRequired,
    isNullable: true,
    isUnique: false,
    options: {},
    spelling: {},
    rules: [],
  };
  if (depth > DEEPEST) {
    return {
      ...column,
      unjudged: [{ check: "schema", reason: `nested more than ${DEEPEST} deep` }],
    };
  }
  const node = followed(said, reading.root);
  if (node === undefined) {
    return { ...column, unjudged: [{ check: "$ref", reason: "it leads to another document" }] };
  }
  const { types: names, isNullable } = typesOf(node);
  const unjudged: Unjudged[] = COMPOSED.filter((key) => valueAt(node, key) !== undefined).map(
    (key) => ({
      check: key,
      reason: "schemas composed of others are not judged",
    }),
  );
  if (names.length > 1) unjudged.push({ check: "type", reason: "several types are not judged" });
  const format = textAt(node, "format");
  const only = names.length === 1 ? types[names[0] as string] : undefined;
  const type = only === "string" && format !== undefined ? (texts[format] ?? only) : only;
  return {
    ...column,
    type,
    isNullable,
    unjudged,
    options: optionsOf(node, type === "string" ? format : undefined),
    ...innerOf(node, reading, depth),
  };
}

function innerOf(
  node: Node,
  reading: Reading,
  depth: number,
): Pick<Column, "properties" | "items" | "extra"> {
  const listed = nodeAt(node, "properties");
  const required = new Set(
    valueAt(node, "required") === true ? [] : listAt(node, "required").map(String),
  );
  const items = valueAt(node, "items");
  const properties = Object.entries(listed?.value ?? {}).flatMap(([name, value]) => {
    const isRequired = required.has(name);
    // `true` allows anything.
    if (!isMapping(value)) return value === true ? [anyColumn(name, isRequired)] : [];
    const place = nodeOf(value, `${placeOf(node, "properties")}.${name}`);
    return [columnOf(place, reading, { name, isRequired, depth: depth + 1 })];
  });
  const others = [...required].filter(
    (name) => !properties.some(({ names }) => names.includes(name)),
  );
  const unnamed = others.map((name) =>
    columnOf(nodeOf({}, placeOf(node, "required")), reading, { name, isRequired: true, depth }),
  );
  const more = valueAt(node, "additionalProperties");
  const extra: Treatment = more === false ? "fail" : "ignore";
  return {
    ...(listed === undefined && required.size === 0
      ? {}
      : { properties: [...properties, ...unnamed], extra }),
    ...(isMapping(items)
      ? {
          items: columnOf(nodeOf(items, placeOf(node, "items")), reading, {
            name: "items",
            isRequired: false,
            depth: depth + 1,
          }),
        }
      : {}),
  };
}

function typesOf(node: Node): { readonly types: readonly string[]; readonly isNullable: boolean } {
  const said = valueAt(node, "type");
  if (said === undefined) return { types: [], isNullable: true };
  const all = [said].flat().map(String);
  const unknown = all.find((name) => name !== "null" && !Object.hasOwn(types, name));
  if (unknown !== undefined) throw new Refusal(placeOf(node, "type"), `${unknown} is no type`);
  return {
    types: all.filter((name) => name !== "null"),
    isNullable: all.includes("null") || valueAt(node, "nullable") === true,
  };
}

function optionsOf(node: Node, format: string | undefined): Options {
  const constant = valueAt(node, "const");
  // Draft 4 has true and false here.
  const exclusive = (key: string) =>
    typeof valueAt(node, key) === "boolean" ? undefined : numberAt(node, key);
  return known({
    minimum: numberAt(node, "minimum"),
    maximum: numberAt(node, "maximum"),
    exclusiveMinimum: exclusive("exclusiveMinimum"),
    exclusiveMaximum: exclusive("exclusiveMaximum"),
    multipleOf: numberAt(node, "multipleOf"),
    minLength: numberAt(node, "minLength"),
    maxLength: numberAt(node, "maxLength"),
    minItems: numberAt(node, "minItems"),
    maxItems: numberAt(node, "maxItems"),
    uniqueItems: valueAt(node, "uniqueItems") === true ? true : undefined,
    minProperties: numberAt(node, "minProperties"),
    maxProperties: numberAt(node, "maxProperties"),
    pattern: textAt(node, "pattern"),
    format,
    enum: constant === undefined ? listIfAny(node, "enum") : [constant],
  });
}
