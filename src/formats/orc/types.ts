import { invalid } from "./invalid.ts";
import { fieldsOf, numbersIn } from "../../lib/protobuf.ts";

/** Kinds of types, by their number (orc_proto.proto, `Type.Kind`). */
const kinds = [
  "boolean",
  "tinyint",
  "smallint",
  "int",
  "bigint",
  "float",
  "double",
  "string",
  "binary",
  "timestamp",
  "array",
  "map",
  "struct",
  "union",
  "decimal",
  "date",
  "varchar",
  "char",
  "timestamp_instant",
  "geometry",
  "geography",
] as const;

/** Digits of a decimal that has 64 bits, in files of the version that never was released. */
const SHORT_DIGITS = 18;

/** A type, and the column that has it: its number is its place. */
export interface OrcType {
  readonly kind: (typeof kinds)[number] | "unknown";
  /** The columns below it, each after it. */
  readonly children: readonly number[];
  /** Names of a struct's fields. */
  readonly names: readonly string[];
  readonly precision: number;
  readonly scale: number;
}

/**
 * The types of all columns (`Type`).
 * @throws Failure FORMAT_INVALID where they are no tree; RangeError
 */
export function typesOf(messages: readonly Buffer[]): OrcType[] {
  const types = messages.map(typeOf);
  let last = 0;
  const seen = new Set<number>([0]);
  for (const [id, { children }] of types.entries()) {
    for (const child of children) {
      if (child <= id || child >= types.length || seen.has(child)) throw invalid("its types");
      seen.add(child);
      last += 1;
    }
  }
  if (types.length > 0 && last !== types.length - 1) throw invalid("types that no column has");
  return types;
}

/** True for decimals that are integers of 64 bits: in files of the version 1.9999. */
export function isShortDecimal({ precision }: OrcType, version: readonly number[]): boolean {
  return (version[0] ?? 0) > 0 && precision <= SHORT_DIGITS;
}

function typeOf(message: Buffer): OrcType {
  const names: string[] = [];
  const children: number[] = [];
  let [kind, precision, scale] = [0, 0, 0];
  for (const { id, number, bytes } of fieldsOf(message)) {
    if (id === 1) kind = number;
    if (id === 2 && bytes.length === 0) children.push(number);
    if (id === 2) children.push(...numbersIn(bytes));
    if (id === 3) names.push(bytes.toString("utf8"));
    if (id === 5) precision = number;
    if (id === 6) scale = number;
  }
  return { kind: kinds[kind] ?? "unknown", children, names, precision, scale };
}
