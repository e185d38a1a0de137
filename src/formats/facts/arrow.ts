import type { Source } from "../../lib/source.ts";
import type { Table } from "../arrow/flatbuffer.ts";
import {
  FOOTER,
  invalid,
  isArrowFile,
  messageAt,
  readFooter,
  START_BYTES,
} from "../arrow/messages.ts";
import type { Column, Facts } from "./facts.ts";

type Read = NonNullable<Source["slice"]>;

/** Record batches up to which rows are counted: each costs a read. */
const MAX_BATCHES = 100;

/** Kinds of types, by their number (Schema.fbs, `Type`). */
const types =
  "none null int float binary utf8 bool decimal date time timestamp interval list struct union fixed_size_binary fixed_size_list map duration large_binary large_utf8 large_list run_end_encoded binary_view utf8_view list_view large_list_view".split(
    " ",
  );
const codecs = ["lz4", "zstd"];
const units = ["s", "ms", "us", "ns"];

/** True for an Arrow IPC file, and for a stream that is named like one. */
export function isArrow(head: Uint8Array, name: string): boolean {
  return isArrowFile(head) || /\.(arrow|arrows|feather)$/i.test(name);
}

/**
 * Columns, rows and codec of an Arrow IPC file (Feather V2); the columns of a stream. Source: the
 * Arrow columnar format, "Serialization and Interprocess Communication".
 */
export async function arrowFacts(read: Read, size: number): Promise<Facts> {
  if (!isArrowFile(await read(0, START_BYTES))) {
    return { columns: columnsOf((await messageAt(read, 0))?.header) };
  }
  const { root, records } = await readFooter(read, size);
  const columns = columnsOf(root.table(FOOTER.schema));
  if (records.length > MAX_BATCHES) return { columns };
  let rows = 0;
  let codec: string | undefined;
  for (const at of records) {
    const batch = (await messageAt(read, at))?.header;
    rows += batch?.number(0, 8) ?? 0;
    const compression = batch?.table(3);
    if (compression !== undefined) codec = codecs[compression.number(0, 1)];
  }
  return { rows, columns, ...(codec === undefined ? {} : { codec }) };
}

/**
 * The columns of a schema, with their types.
 * @throws Failure FORMAT_INVALID where there is no schema
 */
export function columnsOf(schema: Table | undefined): readonly Column[] {
  if (schema === undefined) throw invalid("it has no schema");
  return schema.tables(1).map((field) => {
    const kind = types[field.number(2, 1)] ?? "unknown";
    return { name: field.text(0), type: withWidth(kind, field.table(3)) };
  });
}

/** `int` → `int32` or `uint8`, `float` → `float64`: the parameters that make a type of a kind. */
function withWidth(kind: string, parameters: Table | undefined): string {
  if (parameters === undefined) return kind;
  const number = (field: number) => parameters.number(field, 4);
  switch (kind) {
    case "int":
      return `${parameters.number(1, 1) === 0 ? "uint" : "int"}${number(0)}`;
    case "float":
      return `float${16 << parameters.number(0, 2)}`;
    case "decimal":
      return `decimal(${number(0)}, ${number(1)})`;
    case "timestamp":
      return `timestamp[${units[parameters.number(0, 2)] ?? "?"}]`;
    case "fixed_size_binary":
      return `fixed_size_binary[${number(0)}]`;
    default:
      return kind;
  }
}
