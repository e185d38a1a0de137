import { avroHeader, fieldsOfAvro } from "../../decode/avro-header.ts";
import { avroTypeText } from "../../decode/avro-schema.ts";
import { avroReader } from "../../decode/avro-values.ts";
import { fieldsOf, metadataOf } from "../../decode/parquet-schema.ts";
import { parquetType } from "../../decode/parquet-types.ts";
import { MAX_COLUMNS, type Shape, shortName } from "./shape.ts";

/** The shape of a Parquet file: the outermost fields of its schema. */
export function parquetShape(bytes: Uint8Array): Shape {
  const fields = fieldsOf(metadataOf(bytes));
  return schemaShape(
    "parquet",
    fields.map((node) => [String(node.element.name), () => parquetType(node)]),
  );
}

/** The shape of an Avro file: the fields of its schema. */
export function avroShape(bytes: Uint8Array): Shape {
  const { schema } = avroHeader(avroReader(Buffer.from(bytes)));
  return schemaShape(
    "avro",
    fieldsOfAvro(schema).map(({ name, type }) => [name, () => avroTypeText(type)]),
  );
}

function schemaShape(format: string, fields: readonly [name: string, type: () => string][]): Shape {
  const shown = fields.slice(0, MAX_COLUMNS);
  return {
    format,
    dialect: {},
    names: shown.map(([name]) => shortName(name)),
    types: shown.map(([, type]) => type()),
    columnCount: fields.length,
  };
}
