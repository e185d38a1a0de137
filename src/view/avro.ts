import { codecOf } from "../formats/avro/codecs.ts";
import { avroTypeText, type AvroType, parseAvroSchema } from "../decode/avro-schema.ts";
import { type AvroReader, avroReader } from "../decode/avro-values.ts";
import { cellOf, cut, isObject } from "../decode/cell.ts";
import { collect } from "./collect.ts";
import { MAX_COLUMNS, rowsShown, tableOf } from "./table.ts";
import type { Viewer } from "./viewer.ts";

const MAGIC_BYTES = 4;
const SYNC_BYTES = 16;
/** Bytes that a block of a sample holds at most. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/** Avro: a column for each field, typed in Avro's own words. */
export const viewAvro: Viewer = async ({ bytes, rows, counted }) => {
  const file = avroReader(bytes);
  file.bytes(MAGIC_BYTES);
  const metadata = metadataOf(file);
  file.bytes(SYNC_BYTES);
  const schema = parseAvroSchema(metadata.get("avro.schema") ?? "null");
  const codec = metadata.get("avro.codec") ?? "null";
  const fields = schema.kind === "record" ? schema.fields : [{ name: "value", type: schema }];
  const shown = fields.slice(0, MAX_COLUMNS);
  const values = await valuesOf(file, { schema, codec, rows: rowsShown(fields.length, rows) });
  const cells = values.map((value) =>
    schema.kind === "record" && isObject(value)
      ? shown.map(({ name }) => cellOf(value[name]))
      : [cellOf(value)],
  );
  const table = tableOf({
    columns: shown.map(({ name, type }) => ({ name: cut(name), type: avroTypeText(type) })),
    columnCount: fields.length,
    rows: cells,
    counted: counted ?? { rows: values.length },
  });
  const record = schema.name === "" ? [] : [["record", schema.name] as const];
  return { facts: [...record, ["codec", codec]], tables: [table], warnings: [] };
};

function metadataOf(file: AvroReader): Map<string, string> {
  const metadata = new Map<string, string>();
  for (let count = file.long(); count !== 0; count = file.long()) {
    if (count < 0) file.long();
    for (let left = Math.abs(count); left > 0; left -= 1) {
      const key = file.bytes(file.long()).toString();
      metadata.set(key, file.bytes(file.long()).toString());
    }
  }
  return metadata;
}

/** The first records, block after block. */
async function valuesOf(
  file: AvroReader,
  {
    schema,
    codec,
    rows,
  }: { readonly schema: AvroType; readonly codec: string; readonly rows: number },
): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  while (values.length < rows && !file.isAtEnd()) {
    const records = file.long();
    const size = file.long();
    const data = codecOf(codec).decode(only(file.bytes(size)), size, MAX_BLOCK_BYTES);
    const block = avroReader(size === 0 ? Buffer.alloc(0) : (await collect(data)).bytes);
    for (let left = records; left > 0 && values.length < rows; left -= 1) {
      values.push(block.value(schema));
    }
    file.bytes(SYNC_BYTES);
  }
  return values;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
