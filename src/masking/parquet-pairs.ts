import { rootTable, type Table } from "../formats/arrow/flatbuffer.ts";
import { HEADER } from "../formats/arrow/messages.ts";
import { withKeys } from "./json-keys.ts";

/** Keys in the pair of pandas that tell types; others, such as `attributes`, can hold anything. */
const PANDAS_KEYS: ReadonlySet<string> = new Set([
  "index_columns",
  "column_indexes",
  "columns",
  "kind",
  "start",
  "stop",
  "step",
  "name",
  "field_name",
  "pandas_type",
  "numpy_type",
  "metadata",
  "timezone",
  "encoding",
  "num_categories",
  "ordered",
  "precision",
  "scale",
  "creator",
  "library",
  "version",
  "pandas_version",
]);
/** Keys in Spark's pair that tell types; `metadata` has comments, defaults and values of columns. */
const SPARK_KEYS: ReadonlySet<string> = new Set([
  "type",
  "fields",
  "name",
  "nullable",
  "elementType",
  "containsNull",
  "keyType",
  "valueType",
  "valueContainsNull",
]);
/** Numbers of the fields of tables (Schema.fbs, `Schema`, `Field` and `KeyValue`). */
const SCHEMA = { fields: 1, pairs: 2 } as const;
const FIELD = { children: 5, pairs: 6 } as const;
const KEY_VALUE = [0, 1] as const;
/** A message begins with a mark, in files since Arrow 0.15, and its length. */
const MARK = 0xffffffff;

/** The pairs of a Parquet file's metadata that readers need to tell types, each without all else. */
const typesIn: Readonly<Record<string, (value: string) => string>> = {
  "ARROW:schema": arrowTypes,
  pandas: (value) => JSON.stringify(withKeys(JSON.parse(value), PANDAS_KEYS)),
  "org.apache.spark.version": (value) => /^[\d.]{1,20}/.exec(value)?.[0] ?? "",
  "org.apache.spark.sql.parquet.row.metadata": (value) =>
    JSON.stringify(withKeys(JSON.parse(value), SPARK_KEYS)),
};

/** The facts of types that a pair may tell; undefined where it has none, or they cannot be told from all else. */
export function typesInPair(key: string, value: string): string | undefined {
  if (!Object.hasOwn(typesIn, key)) return undefined;
  try {
    return typesIn[key]?.(value);
  } catch {
    return undefined;
  }
}

/** A schema of Arrow, in base64, whose own pairs and those of its fields are blank. */
function arrowTypes(value: string): string {
  const bytes = Buffer.from(value, "base64");
  const message = bytes.subarray(bytes.readUInt32LE(0) === MARK ? 8 : 4);
  const root = rootTable(message);
  const schema = root.table(HEADER);
  if (schema === undefined) throw new RangeError("a message without a schema");
  blank(schema, SCHEMA.pairs);
  for (const field of schema.tables(SCHEMA.fields)) blankField(field);
  return bytes.toString("base64");
}

function blankField(field: Table): void {
  blank(field, FIELD.pairs);
  for (const child of field.tables(FIELD.children)) blankField(child);
}

/** Writes spaces over keys and values, and leaves none of them in their list. */
function blank(table: Table, pairs: number): void {
  for (const pair of table.tables(pairs))
    for (const text of KEY_VALUE) for (const byte of pair.structs(text, 1)) byte.fill(" ");
  table.shorten(pairs, 0);
}
