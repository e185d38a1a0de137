import type { SchemaElement, SchemaTree } from "hyparquet";
import { counted } from "../lib/text.ts";
import { fieldsOf, metadataOf, type ParquetMetadata } from "./parquet-schema.ts";
import { parquetType } from "./parquet-types.ts";
import type { WholeColumn, WholeFile } from "./whole-file.ts";

type Statistics = NonNullable<
  NonNullable<ParquetMetadata["row_groups"][number]["columns"][number]["meta_data"]>["statistics"]
>;
/** A value that is compared with others of its column; a text is compared by its bytes. */
type Comparable = number | bigint | Date | string;

/**
 * The facts of a whole Parquet file, by the statistics of its row groups. `tail` is its end, the
 * footer whole. @throws Error where that is damaged
 */
export function parquetWhole(tail: Uint8Array): WholeFile {
  const metadata = metadataOf(tail);
  const groups = metadata.row_groups.filter((group) => group.num_rows > 0n);
  const chunks = groups.map(({ columns }) => columns.map(({ meta_data: chunk }) => chunk));
  const codecs = new Set(
    chunks.flat().flatMap((chunk) => (chunk === undefined ? [] : [chunk.codec])),
  );
  return {
    rows: Number(metadata.num_rows),
    parts: counted(groups.length, "row group"),
    codecs: [...codecs].map((codec) => codec.toLowerCase()),
    columns: leavesBelow(fieldsOf(metadata)).map((leaf, i) =>
      wholeColumn(
        leaf,
        chunks.map((columns) => columns[i]?.statistics),
        chunks.map((columns) => columns[i]?.num_values),
      ),
    ),
  };
}

function leavesBelow(nodes: readonly SchemaTree[]): SchemaTree[] {
  return nodes.flatMap((node) =>
    node.children.length === 0 ? [node] : leavesBelow(node.children),
  );
}

function wholeColumn(
  leaf: SchemaTree,
  statistics: readonly (Statistics | undefined)[],
  values: readonly (bigint | undefined)[],
): WholeColumn {
  const nulls = statistics.map((each) => each?.null_count);
  // A row group of nulls alone has neither a least value nor a greatest.
  const withValues = statistics.filter((_, i) => nulls[i] === undefined || nulls[i] !== values[i]);
  const end = (which: "min_value" | "max_value", sign: 1 | -1) => {
    // A bound that was cut is no value of the column.
    const isCut = withValues.some((each) => each?.[`is_${which}_exact`] === false);
    if (isCut) return null;
    const ends = withValues.map((each) => valueOf(each?.[which], leaf));
    if (ends.length === 0 || ends.some((each) => each === undefined)) return null;
    const found = (ends as Comparable[]).reduce((a, b) => (sign * compared(b, a) < 0 ? b : a));
    return textOf(found, leaf.element);
  };
  return {
    name: leaf.path.join("."),
    min: end("min_value", 1),
    max: end("max_value", -1),
    nulls: nulls.every((each) => each !== undefined)
      ? Number(nulls.reduce((sum, each) => sum + each, 0n))
      : null,
  };
}

/** A value of statistics; undefined where it is of a type that has no order that people know. */
function valueOf(value: unknown, leaf: SchemaTree): Comparable | undefined {
  const type = parquetType(leaf);
  if (/^(time\(|binary|fixed|interval|decimal)/.test(type)) return decimalOf(value, leaf.element);
  if (type === "date" && typeof value === "number") return new Date(value * 86_400_000);
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value;
  return typeof value === "bigint" || typeof value === "string" ? value : undefined;
}

/** A decimal that a number holds exactly enough; undefined for others, and for other types. */
function decimalOf(value: unknown, { scale, precision }: SchemaElement): number | undefined {
  if (scale === undefined || precision === undefined || typeof value !== "number") return undefined;
  return Math.abs(value) * 10 ** scale < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function compared(a: Comparable, b: Comparable): number {
  if (typeof a === "string" && typeof b === "string")
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf(value: Comparable, element: SchemaElement): string {
  const isDate = element.converted_type === "DATE" || element.logical_type?.type === "DATE";
  if (value instanceof Date) return value.toISOString().slice(0, isDate ? 10 : undefined);
  const isDecimal = typeof value === "number" && element.precision !== undefined;
  return isDecimal ? value.toFixed(element.scale ?? 0) : String(value);
}
