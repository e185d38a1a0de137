import type { ColumnType } from "./contract.ts";

/** Types of databases and languages, and the column type that holds their values. */
const types: Readonly<Record<ColumnType, readonly string[]>> = {
  string: [
    "text",
    "varchar",
    "nvarchar",
    "varchar2",
    "nvarchar2",
    "char",
    "nchar",
    "character",
    "bpchar",
    "clob",
    "uuid",
    "str",
  ],
  integer: [
    "int",
    "int2",
    "int4",
    "int8",
    "int16",
    "int32",
    "int64",
    "bigint",
    "smallint",
    "tinyint",
    "mediumint",
    "long",
    "short",
    "serial",
    "bigserial",
    "uint",
    "uint32",
    "uint64",
  ],
  number: [
    "float",
    "float4",
    "float8",
    "float32",
    "float64",
    "double",
    "decimal",
    "numeric",
    "bignumeric",
    "real",
    "money",
  ],
  boolean: ["bool"],
  date: [],
  timestamp: [
    "datetime",
    "datetime2",
    "timestamp_tz",
    "timestamp_ntz",
    "timestamp_ltz",
    "timestamptz",
    "date-time",
    "datetimeoffset",
    "smalldatetime",
  ],
  time: [],
  object: ["record", "struct", "row", "document"],
  array: ["list", "repeated"],
  map: ["dictionary", "dict"],
};

const known = new Map(
  Object.entries(types).flatMap(([type, names]) =>
    [type, ...names].map((name) => [name, type as ColumnType] as const),
  ),
);

/**
 * The column type for a type's name, as databases and languages have them: `VARCHAR(18)`, `int64`,
 * `array<string>`; undefined where it is not known.
 */
export function columnTypeOf(name: string): ColumnType | undefined {
  const base = baseOf(name);
  // Avro names the unit after a dash: `timestamp-micros`.
  return known.get(base) ?? known.get(base.replace(/^local-|-(millis|micros|nanos)$/g, ""));
}

/** True where values of a type's name have a time of day. */
export function hasTime(name: string): boolean {
  return known.get(baseOf(name)) === "timestamp";
}

/** True where a type's name is of binary floating point, which has values that are no numbers. */
export function isFloating(name: string): boolean {
  return /^(float|double|real)/.test(baseOf(name));
}

function baseOf(name: string): string {
  return (/^[\w-]+/.exec(name.trim())?.[0] ?? "").toLowerCase();
}
