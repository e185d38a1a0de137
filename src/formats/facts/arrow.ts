import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { Column, Facts } from "./facts.ts";
import { rootTable, type Table } from "./flatbuffer.ts";

type Read = NonNullable<Source["slice"]>;

const MAGIC = [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31];
/** Magic bytes and padding before the first message of a file. */
const START_BYTES = 8;
const MAX_METADATA_BYTES = 8 * 1024 * 1024;
/** Record batches up to which rows are counted: each costs a read. */
const MAX_BATCHES = 100;
const BLOCK_BYTES = 24;
const CONTINUATION = 0xffffffff;

/** Kinds of types, by their number (Schema.fbs, `Type`). */
const types =
  "none null int float binary utf8 bool decimal date time timestamp interval list struct union fixed_size_binary fixed_size_list map duration large_binary large_utf8 large_list run_end_encoded binary_view utf8_view list_view large_list_view".split(
    " ",
  );
const codecs = ["lz4", "zstd"];
const units = ["s", "ms", "us", "ns"];

/** True for an Arrow IPC file, and for a stream that is named like one. */
export function isArrow(head: Uint8Array, name: string): boolean {
  return hasBytes(head, MAGIC) || /\.(arrow|arrows|feather)$/i.test(name);
}

/**
 * Columns, rows and codec of an Arrow IPC file (Feather V2); the columns of a stream. Source: the
 * Arrow columnar format, "Serialization and Interprocess Communication".
 */
export async function arrowFacts(read: Read, size: number): Promise<Facts> {
  const tail = Buffer.from(await read(Math.max(0, size - 10), size));
  const isFile = hasBytes(await read(0, START_BYTES), MAGIC) && hasBytes(tail, MAGIC, 4);
  if (!isFile) return { columns: columnsOf((await message(read, 0)).table(2)) };
  const length = tail.readUInt32LE(0);
  if (length > Math.min(MAX_METADATA_BYTES, size)) throw invalid(`a footer of ${length} bytes`);
  const footer = rootTable(Buffer.from(await read(size - 10 - length, size - 10)));
  const columns = columnsOf(footer.table(1));
  const blocks = footer.structs(3, BLOCK_BYTES);
  if (blocks.length > MAX_BATCHES) return { columns };
  let rows = 0;
  let codec: string | undefined;
  for (const block of blocks) {
    const batch = (await message(read, Number(block.readBigInt64LE(0)))).table(2);
    rows += batch?.number(0, 8) ?? 0;
    const compression = batch?.table(3);
    if (compression !== undefined) codec = codecs[compression.number(0, 1)];
  }
  return { rows, columns, ...(codec === undefined ? {} : { codec }) };
}

/** The metadata of a message: its length, which older versions do not mark, then a FlatBuffer. */
async function message(read: Read, at: number): Promise<Table> {
  const prefix = Buffer.from(await read(at, at + 8));
  const isMarked = prefix.readUInt32LE(0) === CONTINUATION;
  const length = prefix.readUInt32LE(isMarked ? 4 : 0);
  const start = at + (isMarked ? 8 : 4);
  if (length > MAX_METADATA_BYTES) throw invalid(`a message of ${length} bytes`);
  return rootTable(Buffer.from(await read(start, start + length)));
}

function columnsOf(schema: Table | undefined): readonly Column[] {
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

function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole Arrow file: ${what}`);
}
