import type { SchemaElement, SchemaTree } from "hyparquet";
import { isListLike, isMapLike } from "hyparquet/src/schema.js";
import { exact } from "./cell.ts";
import {
  bytesText,
  dateText,
  decimalOfBytes,
  decimalText,
  durationText,
  floatText,
  hexText,
  perSecond,
  timestampText,
  timeText,
  uuidText,
} from "./scalars.ts";

type Unit = keyof typeof perSecond;

const units: Readonly<Record<Unit, string>> = { MILLIS: "ms", MICROS: "us", NANOS: "ns" };
const physical: Readonly<Record<string, string>> = {
  INT96: "timestamp(ns)",
  BYTE_ARRAY: "binary",
};
/** Types that were annotated before there were logical ones, and have other names. */
const converted: Readonly<Record<string, string>> = {
  UTF8: "string",
  TIME_MILLIS: "time(ms)",
  TIME_MICROS: "time(us)",
  TIMESTAMP_MILLIS: "timestamp(ms, UTC)",
  TIMESTAMP_MICROS: "timestamp(us, UTC)",
};
/** Characters of a type's name. */
const TYPE_CHARACTERS = 100;

/** The type of a column, in Parquet's own words: `decimal(10, 2)`, `list<string>`. */
export function parquetType(node: SchemaTree): string {
  const type = wholeType(node, 0);
  return type.length > TYPE_CHARACTERS ? `${type.slice(0, TYPE_CHARACTERS)}…` : type;
}

function wholeType(node: SchemaTree, depth: number): string {
  if (depth > 8) return "…";
  const item = itemOf(node);
  const inside = (child: SchemaTree) => wholeType(child, depth + 1);
  if (item !== undefined) return `list<${inside(item)}>`;
  const entry = entryOf(node);
  if (entry !== undefined) return `map<${entry.map(inside).join(", ")}>`;
  const fields = node.children.map((child) => `${child.element.name}: ${inside(child)}`);
  const own = node.children.length > 0 ? `struct<${fields.join(", ")}>` : leafType(node.element);
  return isRepeated(node) ? `list<${own}>` : own;
}

function leafType(element: SchemaElement): string {
  const { type = "", converted_type: old, logical_type: logical, type_length: length } = element;
  if (isDecimal(element)) return `decimal(${element.precision}, ${scaleOf(element)})`;
  const name = logical === undefined ? undefined : logicalType(logical);
  if (name !== undefined) return name;
  if (old !== undefined) return converted[old] ?? old.toLowerCase().replace("_", "");
  return type === "FIXED_LEN_BYTE_ARRAY"
    ? `fixed(${length})`
    : (physical[type] ?? type.toLowerCase());
}

/** The logical type; undefined for one that is newer than this program. */
function logicalType(logical: NonNullable<SchemaElement["logical_type"]>): string | undefined {
  switch (logical.type) {
    case "TIMESTAMP":
      return `timestamp(${units[logical.unit]}${logical.isAdjustedToUTC ? ", UTC" : ""})`;
    case "TIME":
      return `time(${units[logical.unit]})`;
    case "INTEGER":
      return `${logical.isSigned ? "" : "u"}int${logical.bitWidth}`;
    default:
      return (logical.type as string | undefined)?.toLowerCase();
  }
}

/**
 * The element to read a column by: where hyparquet's own conversion loses digits, or refuses, the
 * values stay as they stand in the file.
 */
export function readable(element: SchemaElement): SchemaElement {
  const { converted_type: old, logical_type: logical, ...rest } = element;
  // Where it is not said, a field is there once.
  const repetition = element.repetition_type ?? "REQUIRED";
  const isOurs = isDecimal(element) || old === "BSON" || old === "INTERVAL";
  // Of what is geometry, bytes come as they are; see the parsers below.
  return isOurs && logical?.type !== "GEOMETRY"
    ? { ...rest, repetition_type: repetition, logical_type: { type: "GEOMETRY" } }
    : { ...element, repetition_type: repetition };
}

/**
 * Parsers that make text of values where they are read; the rest comes to `parquetCell` as it is.
 */
export const parsers = {
  timestampFromMilliseconds: (value: bigint | undefined) => value,
  timestampFromMicroseconds: (value: bigint | undefined) => value,
  timestampFromNanoseconds: (value: bigint | undefined) => value,
  dateFromDays: (days: number | undefined) => days,
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && bytesText(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && bytesText(bytes),
  geometryFromBytes: (value: unknown) => value,
  geographyFromBytes: (value: unknown) => value,
  uuidFromBytes: (bytes: Uint8Array | undefined) => bytes && uuidText(bytes),
};

/** A value of a column, for `cellOf`. */
export function parquetCell(value: unknown, node: SchemaTree): unknown {
  if (value === null || value === undefined) return null;
  const item = itemOf(node);
  if (item !== undefined) return listOf(value).map((one) => parquetCell(one, item));
  const entry = entryOf(node);
  if (entry !== undefined) return membersOf(value, () => entry[1]);
  if (isRepeated(node)) return listOf(value).map((one) => plainCell(one, node));
  return plainCell(value, node);
}

function plainCell(value: unknown, node: SchemaTree): unknown {
  if (node.children.length === 0) return leafCell(value, node.element);
  return membersOf(value, (key) => node.children.find(({ element }) => element.name === key));
}

function leafCell(value: unknown, element: SchemaElement): unknown {
  if (typeof value === "bigint" || typeof value === "number") return numberCell(value, element);
  if (!(value instanceof Uint8Array)) return value;
  if (isDecimal(element)) return exact(decimalOfBytes(value, scaleOf(element)));
  return element.converted_type === "INTERVAL" ? durationText(value) : hexText(value);
}

function numberCell(value: number | bigint, element: SchemaElement): unknown {
  const { type, converted_type: old, logical_type: logical } = element;
  if (type === "FLOAT") return Number.isFinite(value) ? exact(floatText(Number(value))) : value;
  if (typeof value === "number" && !Number.isInteger(value)) return value;
  if (isDecimal(element)) return exact(decimalText(BigInt(value), scaleOf(element)));
  if (old === "DATE" || logical?.type === "DATE") return dateText(Number(value));
  const time = timeOf(element);
  if (time === undefined) return typeof value === "bigint" ? exact(String(value)) : value;
  const { per, isOfDay, isUtc } = time;
  return isOfDay ? timeText(BigInt(value), per) : timestampText(BigInt(value), per, isUtc);
}

function timeOf({
  type,
  converted_type: old,
  logical_type: logical,
}: SchemaElement):
  | { readonly per: bigint; readonly isOfDay: boolean; readonly isUtc: boolean }
  | undefined {
  if (logical?.type === "TIMESTAMP" || logical?.type === "TIME") {
    const isOfDay = logical.type === "TIME";
    return { per: perSecond[logical.unit], isOfDay, isUtc: logical.isAdjustedToUTC };
  }
  if (type === "INT96") return { per: perSecond.NANOS, isOfDay: false, isUtc: false };
  const [, kind, unit] = /^(TIME|TIMESTAMP)_(MILLIS|MICROS)$/.exec(old ?? "") ?? [];
  if (unit === undefined) return undefined;
  return { per: perSecond[unit as Unit], isOfDay: kind === "TIME", isUtc: true };
}

/** The item of a list, as hyparquet sees it; undefined where the node is not a list. */
function itemOf(node: SchemaTree): SchemaTree | undefined {
  if (node.children.length !== 1 || !isListLike(node)) return undefined;
  const [repeated] = node.children as [SchemaTree];
  const { element } = repeated;
  const [only] = repeated.children;
  if (only !== undefined) return only;
  return { ...repeated, element: { ...element, repetition_type: "OPTIONAL" } };
}

/** The key and value of a map; undefined where the node is not a map. */
function entryOf(node: SchemaTree): readonly [SchemaTree, SchemaTree] | undefined {
  if (node.children.length !== 1 || !isMapLike(node)) return undefined;
  return (node.children[0] as SchemaTree).children as [SchemaTree, SchemaTree];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : [];
}

function membersOf(
  value: unknown,
  nodeOf: (key: string) => SchemaTree | undefined,
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return {};
  const members = Object.entries(value).map(([key, member]): [string, unknown] => {
    const node = nodeOf(key);
    return [key, node === undefined ? member : parquetCell(member, node)];
  });
  return Object.fromEntries(members);
}

function isRepeated({ element }: SchemaTree): boolean {
  return element.repetition_type === "REPEATED";
}

function isDecimal({ converted_type: old, logical_type: logical }: SchemaElement): boolean {
  return old === "DECIMAL" || logical?.type === "DECIMAL";
}

function scaleOf({ scale, logical_type: logical }: SchemaElement): number {
  return (logical?.type === "DECIMAL" ? logical.scale : scale) ?? 0;
}
