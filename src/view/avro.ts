import { openAvro } from "../decode/avro.ts";
import { fieldsOfAvro } from "../decode/avro-header.ts";
import { avroTypeText } from "../decode/avro-schema.ts";
import { cellOf, cut, isObject } from "../decode/cell.ts";
import { MAX_COLUMNS, rowsShown, tableOf } from "./table.ts";
import type { Viewer } from "./viewer.ts";

/** Avro: a column for each field, typed in Avro's own words. */
export const viewAvro: Viewer = async ({ bytes, rows, counted }) => {
  const { schema, codec, read } = openAvro(bytes);
  const fields = fieldsOfAvro(schema);
  const shown = fields.slice(0, MAX_COLUMNS);
  const values = await read(rowsShown(fields.length, rows));
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
